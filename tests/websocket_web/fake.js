// WebSocket classes that follow a script.
const SCRIPTS = {
  open: (socket) => open(socket),
  fail: (socket) => shut(socket, 1006, ""),
  picky: (socket) => (socket.protocols.length ? shut(socket, 1006, "") : open(socket)),
  silent: () => {},
};

export function fake(script) {
  return class Fake {
    static made = [];
    constructor(url, protocols) {
      if (script === "throw") throw new SyntaxError(`the URL ${url} is invalid`);
      Object.assign(this, { url, protocols: protocols ?? [], readyState: 0, bufferedAmount: 0, sent: [], closed: "" });
      Fake.made.push(this);
      queueMicrotask(() => SCRIPTS[script](this));
    }
    send(text) {
      this.sent.push(text);
    }
    close(code, reason) {
      if (code !== 1000 && (code < 3000 || code > 4999)) throw new DOMException("InvalidAccessError");
      this.closed = `${code} ${reason}`;
      this.readyState = 2;
    }
  };
}
export const made = (fake) => fake.made.length;
export const at = (fake, index) => fake.made[index];
export const protocols = (socket) => socket.protocols.join(",");
export const sent = (socket) => socket.sent.join("|");
export const closed = (socket) => socket.closed;
export const hooked = (socket) => !!(socket.onopen || socket.onmessage || socket.onclose);
export const buffered = (socket, amount) => void (socket.bufferedAmount = amount);
export function open(socket) {
  socket.readyState = 1;
  socket.onopen?.({ type: "open" });
}
export const message = (socket, data) => socket.onmessage?.({ type: "message", data });
export function shut(socket, code, reason) {
  socket.readyState = 3;
  socket.onerror?.({ type: "error" });
  socket.onclose?.({ type: "close", code, reason, wasClean: code !== 1006 });
}
