// A fetch whose every answer the test gives, over the host's own Response and streams.
export function fake({ deaf, broken } = {}) {
  const calls = [];
  const fetch = function (url, init) {
    if (this !== undefined) throw new TypeError("Illegal invocation");
    if (broken) throw new TypeError("broken");
    const call = { url, init, pulls: 0, cancelled: false, aborted: false };
    calls.push(call);
    init.signal?.addEventListener("abort", () => {
      call.aborted = true;
      if (deaf) return;
      call.reject(init.signal.reason);
      if (!call.cancelled) call.body?.error(init.signal.reason);
    });
    return new Promise((resolve, reject) => Object.assign(call, { resolve, reject }));
  };
  return Object.assign(fetch, { calls });
}
export const deaf = () => fake({ deaf: true });
export const broken = () => fake({ broken: true });

const last = (fetch) => fetch.calls.at(-1);
export const calls = (fetch) => fetch.calls.length;
export function sent(fetch) {
  const { url, init } = last(fetch);
  return JSON.stringify({ url, ...init, signal: init.signal && `${init.signal.aborted}` });
}
export const isText = (fetch, text) => last(fetch).init.body === text;

export function answer(fetch, status, headers) {
  const call = last(fetch);
  const source = {
    start: (controller) => void (call.body = controller),
    pull: () => void call.pulls++,
    cancel: () => void (call.cancelled = true),
  };
  const bodiless = status === 204;
  const body = bodiless ? null : new ReadableStream(source, { highWaterMark: 0 });
  call.resolve(new Response(body, { status, headers: JSON.parse(headers) }));
}
export const answerWith = (fetch, value) => last(fetch).resolve(value);
export const opaque = (fetch, type) => last(fetch).resolve({ status: 0, type, headers: new Headers(), body: null });
export const locked = (fetch) => {
  const response = new Response("x");
  response.body.getReader();
  last(fetch).resolve(response);
};
export const push = (fetch, bytes) => last(fetch).body.enqueue(bytes);
export const finish = (fetch) => last(fetch).body.close();
export const breakOff = (fetch, message) => last(fetch).body.error(new TypeError(message));
export const thrown = (message, code) =>
  new TypeError(message, code && { cause: Object.assign(new Error(""), { code }) });
export const refuse = (fetch, message) => last(fetch).reject(thrown(message));
export const pulls = (fetch) => last(fetch).pulls;
export const aborted = (fetch) => last(fetch).aborted;
export const cancelled = (fetch) => last(fetch).cancelled;

// Where there is no page, one that a test puts up.
export const page = () => globalThis.location?.origin;
export const pretend = (origin) => void (globalThis.location = origin && { origin });

const unhandled = [];
const note = (event) => unhandled.push(String(event.reason ?? event));
if (globalThis.addEventListener) globalThis.addEventListener("unhandledrejection", note);
else globalThis.process?.on("unhandledRejection", note);
export const complaints = () => unhandled.join("|");
export const turn = () => new Promise((resolve) => setTimeout(resolve));
