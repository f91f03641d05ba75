// Runs in the page, over a WebSocket in memory. `contender` is what run.mjs bundles with it.
class MemorySocket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;
  readyState = 0;
  bufferedAmount = 0;
  extensions = "";
  binaryType = "blob";

  constructor(url, protocols) {
    super();
    this.url = url;
    this.protocol = [protocols].flat()[0] ?? "";
    queueMicrotask(() => {
      this.readyState = 1;
      this.#tell(new Event("open"));
    });
  }

  #tell(event) {
    this[`on${event.type}`]?.(event);
    this.dispatchEvent(event);
  }

  send(text) {
    const { id, method, params } = JSON.parse(text);
    if (id === undefined) return;
    const data = JSON.stringify({ jsonrpc: "2.0", id, result: answer(method, params) });
    queueMicrotask(() => this.#tell(new MessageEvent("message", { data })));
  }

  close(code = 1000) {
    this.readyState = 3;
    queueMicrotask(() => this.#tell(new CloseEvent("close", { code, wasClean: true })));
  }
}

const identity = { name: "memory", version: "0" };

function answer(method, params) {
  switch (method) {
    case "initialize":
      return { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: identity };
    case "server/discover":
      return {
        resultType: "complete",
        supportedVersions: ["2026-07-28"],
        capabilities: { tools: {} },
        _meta: { "io.modelcontextprotocol/serverInfo": identity },
      };
    case "tools/call":
      return { resultType: "complete", content: [{ type: "text", text: params.arguments.text }] };
    default:
      return {};
  }
}

const small = "x".repeat(64);
const big = "abcdefghijklmnop".repeat(65536);

export function bench(contender) {
  let client;
  const each = async (text, times) => {
    const began = performance.now();
    for (let at = 0; at < times; at++) if ((await client.echo(text)).length !== text.length) throw new Error("echo");
    return (performance.now() - began) / times;
  };
  globalThis.begin = async (module, warm) => {
    globalThis.WebSocket = MemorySocket;
    client = await contender.connect("ws://memory.invalid/", module);
    await each(small, warm);
    await each(big, 5);
  };
  globalThis.round = async (calls) => ({ small: (await each(small, calls)) * 1000, big: await each(big, 8) });
  globalThis.finish = () => client.close();
}
