// The JavaScript layer alone, over a core made of paper: what it checks, what it hands on, what it cleans up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectWith, EverywireError } from "../client.mjs";

class FakeSocket {}

/** A core that records what it is told and answers when the test says so. */
class PaperCore {
  static last;
  era = "modern";
  calls = [];
  told = [];
  freed = false;
  constructor(url, options, host) {
    Object.assign(this, { url, options, host });
    PaperCore.last = this;
  }
  open(resolve, reject) {
    if (PaperCore.hold) this.opened = { resolve, reject };
    else resolve(this.info());
  }
  request(method, params, options, resolve, reject, onProgress) {
    return this.calls.push({ method, params, options, resolve, reject, onProgress }) - 1;
  }
  listen(filter, resolve, reject) {
    return this.calls.push({ method: "listen", filter, resolve, reject }) - 1;
  }
  cancel = (key) => this.told.push(["cancel", key]);
  unlisten = (key) => this.told.push(["unlisten", key]);
  answer = (key, result) => this.told.push(["answer", key, result]);
  fail = (key, message) => this.told.push(["fail", key, message]);
  setLogLevel = (level, resolve) => resolve();
  close = () => this.told.push(["close"]);
  wake() {}
  info = () => ({ era: this.era, protocolVersion: "2026-07-28", capabilities: {} });
  state = () => ({ status: this.freed ? assert.fail("read after free") : "connected" });
  metrics = () => ({ messagesIn: 0 });
  free = () => (this.freed = true);
}

const connect = connectWith(async () => PaperCore);
const opened = async (options) => {
  const client = await connect("ws://paper/", { WebSocket: FakeSocket, ...options });
  return [client, PaperCore.last];
};
const config = (message) => (error) => error instanceof EverywireError && error.code === "config" && message.test(error.message);
const turn = () => new Promise((resolve) => setTimeout(resolve));

test("bad input is refused in one sentence", async () => {
  const socket = { WebSocket: FakeSocket };
  for (const [url, options, message] of [
    ["", socket, /address of a server/],
    [undefined, socket, /address of a server/],
    ["nonsense", socket, /not a URL/],
    ["ftp://x/", socket, /begins with http:\/\/, https:\/\/, ws:\/\/ or wss:\/\/, and not with ftp:\/\//],
    ["/mcp", socket, /not a URL/],
    ["http://x/", { headers: { a: 1 } }, /headers must be an object of texts, and a is none/],
    ["http://x/", { credentials: "always" }, /credentials must be "omit"/],
    ["http://x/", { fetch: 1 }, /fetch must be a function/],
    ["http://x/", { protocols: "none" }, /protocols is for WebSocket/],
    ["ws://x/", { ...socket, credentials: "include" }, /credentials is for HTTP/],
    ["ws://x/", { ...socket, prefer: "websocket" }, /prefer is for addresses that begin with http/],
    ["http://x/", { ...socket, prefer: "http" }, /prefer must be "websocket"/],
    ["ws://x/", { ...socket, headrs: {} }, /no option "headrs"/],
    ["ws://x/", { ...socket, timeout: 0 }, /timeout must be a number above zero/],
    ["ws://x/", { ...socket, onEvent: 1 }, /onEvent must be a function/],
    ["ws://x/", { ...socket, onElicit: { from() {} } }, /no option "from"/],
    ["ws://x/", { ...socket, token: "" }, /token must be/],
    ["ws://x/", { ...socket, era: "old" }, /era must be/],
    ["ws://x/", { ...socket, reconnect: { baseDelay: -1 } }, /baseDelay must be/],
    ["ws://x/", { ...socket, signal: {} }, /signal must be an AbortSignal/],
    ["ws://x/", null, /must be an object/],
  ])
    await assert.rejects(connect(url, options), config(message));
});

test("headers are refused with the runtime's own WebSocket and handed to one that takes them", async () => {
  const had = globalThis.WebSocket;
  globalThis.WebSocket = FakeSocket;
  try {
    await assert.rejects(connect("ws://x/", { headers: { a: "b" } }), config(/headers cannot be sent/));
  } finally {
    globalThis.WebSocket = had;
  }
  let got;
  class Takes {
    constructor(...args) {
      got = args;
    }
  }
  const [, core] = await opened({ WebSocket: Takes, headers: { a: "b" } });
  new core.options.WebSocket("ws://x/", ["mcp"]);
  assert.deepEqual(got, ["ws://x/", ["mcp"], { headers: { a: "b" } }]);
});

test("a runtime without WebSocket is told what to do", { skip: globalThis.WebSocket !== undefined }, async () => {
  await assert.rejects(connect("ws://x/"), config(/npm install ws/));
});

test("over HTTP the headers, credentials and fetch are handed on, and no WebSocket is needed", async () => {
  const fetch = async () => {};
  await connect("HTTP://Host:80/mcp", { headers: { a: "b" }, credentials: "include", fetch });
  const { url, options, host } = PaperCore.last;
  assert.equal(url, "http://host/mcp");
  assert.deepEqual([options.headers, options.credentials, options.fetch], [{ a: "b" }, "include", fetch]);
  assert.equal(options.WebSocket, undefined);
  assert.equal(host.token, undefined);
  await connect("http://host/", { prefer: "websocket", WebSocket: FakeSocket, protocols: "none" });
  assert.deepEqual([PaperCore.last.options.prefer, PaperCore.last.options.WebSocket, PaperCore.last.options.protocols], ["websocket", FakeSocket, "none"]);
  await connect("http://host/", { headers: new Headers({ "X-A": "b" }), token: "t" });
  assert.deepEqual(PaperCore.last.options.headers, { "x-a": "b" });
  assert.equal(PaperCore.last.host.token, "t");
});

test("a path is one of the page's own server", async () => {
  globalThis.location = { origin: "https://page.example:8443", href: "https://page.example:8443/a/b" };
  try {
    await connect("/mcp");
    assert.equal(PaperCore.last.url, "https://page.example:8443/mcp");
    await connect("//other.example/mcp");
    assert.equal(PaperCore.last.url, "https://other.example/mcp");
    await assert.rejects(connect("mcp"), config(/not a URL/));
  } finally {
    delete globalThis.location;
  }
});

test("a page that goes for good closes its clients, and one that goes into the cache does not", async () => {
  const page = new EventTarget();
  const hide = (persisted) => page.dispatchEvent(Object.assign(new Event("pagehide"), { persisted }));
  const hooked = [];
  globalThis.addEventListener = (type, listener) => (hooked.push(type), page.addEventListener(type, listener));
  globalThis.removeEventListener = (type, listener) => (hooked.splice(hooked.indexOf(type), 1), page.removeEventListener(type, listener));
  try {
    const [client, core] = await opened();
    hide(true);
    assert.deepEqual(core.told, []);
    hide(false);
    assert.deepEqual(core.told, [["close"]]);
    assert.deepEqual(hooked, [], "a closed client listens to nothing");
    await assert.rejects(client.ping(), { code: "closed" });
  } finally {
    delete globalThis.addEventListener;
    delete globalThis.removeEventListener;
  }
});

test("an error that the browser does not explain can be looked into, and no other", async () => {
  const asked = [];
  const fetch = async (url, init) => {
    asked.push([url, init.method, init.headers]);
    throw new TypeError("Failed to fetch");
  };
  await connect("https://mcp.example/mcp?ticket=hush", { fetch });
  const { host } = PaperCore.last;
  const message = "the request failed: … or one of the request's headers content-type, mcp-param-region); the server may have acted on it";
  const error = host.error({ code: "interrupted", message, opaque: true });
  assert.equal(host.error({ code: "rpc", message: "no" }).diagnose, undefined);
  assert.deepEqual(Object.keys(error), ["code", "maybeExecuted"]);
  globalThis.location = { origin: "https://page.example", href: "https://page.example/" };
  try {
    const diagnosis = await error.diagnose();
    assert.equal(diagnosis.url, "https://mcp.example/mcp");
    assert.deepEqual(diagnosis.causes.map(({ kind, certainty }) => [kind, certainty]), [
      ["unreachable", "likely"],
      ["certificate", "possible"],
    ]);
    assert.equal(asked.length, 2);
  } finally {
    delete globalThis.location;
  }
});

test("only the capabilities that have handlers are declared", async () => {
  assert.deepEqual((await opened())[1].options.capabilities, {});
  assert.deepEqual((await opened({ onElicit() {} }))[1].options.capabilities, { elicitation: { form: {}, url: {} } });
  assert.deepEqual((await opened({ onElicit: { url() {} }, onSample() {}, onRoots() {} }))[1].options.capabilities, {
    elicitation: { url: {} },
    sampling: {},
    roots: {},
  });
});

test("a call is handed on as it is, and its options", async () => {
  const [client, core] = await opened();
  const params = { name: "echo", arguments: { text: "x" } };
  const plain = client.callTool(params);
  assert.equal(core.calls[0].params, params);
  assert.equal(core.calls[0].options, undefined);
  core.calls[0].resolve({ content: [] });
  assert.deepEqual(await plain, { content: [] });

  const steps = [];
  const full = client.callTool(params, { timeout: 5, idempotent: true, meta: { a: 1 }, onProgress: (step) => steps.push(step) });
  assert.deepEqual(core.calls[1].options, { timeout: 5, totalTimeout: undefined, idempotent: true, meta: { a: 1 }, manual: false, fresh: undefined });
  core.calls[1].onProgress({ progress: 1 });
  core.calls[1].reject(core.host.error({ code: "rpc", message: "no", rpcCode: -32602, data: { a: 1 } }));
  await assert.rejects(full, { code: "rpc", rpcCode: -32602, data: { a: 1 }, maybeExecuted: false });
  assert.deepEqual(steps, [{ progress: 1 }]);
  void client.listTools({}, { fresh: true });
  assert.equal(core.calls[2].options.fresh, true);
  await assert.rejects(client.callTool({}), config(/name must be a text/));
  await assert.rejects(client.callTool(params, { tiemout: 1 }), config(/no option "tiemout"/));
});

test("whether results are kept is the core's to know", async () => {
  assert.equal((await opened({ cache: false }))[1].options.cache, false);
  assert.equal("cache" in (await opened())[1].options, false);
});

test("an aborted signal cancels and rejects, and leaves no listener behind", async () => {
  const [client, core] = await opened();
  const controller = new AbortController();
  const call = client.callTool({ name: "slow" }, { signal: controller.signal });
  controller.abort("enough");
  await assert.rejects(call, { code: "cancelled", cause: "enough" });
  assert.deepEqual(core.told, [["cancel", 0]]);
  await assert.rejects(client.callTool({ name: "slow" }, { signal: controller.signal }), { code: "cancelled" });
  assert.equal(core.calls.length, 1);

  const later = new AbortController();
  const done = client.callTool({ name: "slow" }, { signal: later.signal });
  core.calls[1].resolve({ content: [] });
  await done;
  later.abort();
  assert.equal(core.told.length, 1);
});

test("every page is fetched, and a server that repeats a cursor is stopped", async () => {
  const [client, core] = await opened();
  const all = client.listToolsAll();
  core.calls[0].resolve({ tools: [{ name: "a" }], nextCursor: "" });
  await turn();
  assert.deepEqual(core.calls[1].params, { cursor: "" });
  core.calls[1].resolve({ tools: [{ name: "b" }] });
  assert.deepEqual(await all, [{ name: "a" }, { name: "b" }]);

  const endless = client.listPromptsAll();
  core.calls[2].resolve({ prompts: [], nextCursor: "x" });
  await turn();
  core.calls[3].resolve({ prompts: [], nextCursor: "x" });
  await assert.rejects(endless, { code: "protocol" });
  const broken = client.listResourcesAll();
  core.calls[4].resolve({});
  await assert.rejects(broken, { code: "decode" });
});

test("questions go to the handlers and back", async () => {
  const signals = [];
  const [, core] = await opened({
    onElicit(request, { signal, source }) {
      signals.push(signal);
      if (request.message === "throw") throw new Error("no person here");
      if (request.message === "wrong") return { accepted: true };
      return request.message === "never" ? new Promise(() => {}) : { action: "accept", content: { source } };
    },
    onRoots: () => [{ uri: "file:///a" }],
  });
  const ask = (key, message) => core.host.input(key, "elicitation/create", { message }, { source: "push" });
  ask(1, "fine");
  ask(2, "throw");
  ask(3, "wrong");
  ask(4, "never");
  core.host.input(5, "roots/list", {}, { source: "round" });
  await turn();
  assert.deepEqual(core.told.sort((a, b) => a[1] - b[1]), [
    ["answer", 1, { action: "accept", content: { source: "push" } }],
    ["fail", 2, "no person here"],
    ["fail", 3, 'onElicit must give { action: "accept" | "decline" | "cancel", content }'],
    ["answer", 5, { roots: [{ uri: "file:///a" }] }],
  ]);
  core.host.inputCancelled(4, "timeout");
  assert.equal(signals[3].reason, "timeout");
});

test("callOnce stops where input is needed, resume goes on from stored JSON", async () => {
  const [client, core] = await opened();
  const first = client.callOnce({ name: "book", arguments: { a: 1 } });
  assert.equal(core.calls[0].options.manual, true);
  core.calls[0].resolve({ resultType: "input_required", inputRequests: { who: {} }, requestState: "sealed" });
  const stored = JSON.parse(JSON.stringify(await first));
  await assert.rejects(client.resume(stored, {}), config(/lacks an answer for "who"/));
  const second = client.resume(stored, { who: { action: "decline" } });
  assert.deepEqual(core.calls[1].params, {
    name: "book",
    arguments: { a: 1 },
    inputResponses: { who: { action: "decline" } },
    requestState: "sealed",
  });
  core.calls[1].resolve({ resultType: "complete", content: [] });
  assert.equal((await second).status, "complete");
});

test("a resource is watched over one subscription, in both eras alike", async () => {
  const [client, core] = await opened();
  const both = [client.subscribe("a:b"), client.subscribe("a:b")];
  assert.equal(core.calls.length, 1);
  core.calls[0].resolve({ resourceSubscriptions: ["a:b"] });
  await Promise.all(both);
  await client.unsubscribe("a:b");
  assert.deepEqual(core.told, [["unlisten", 0]]);
  const refused = client.subscribe("a:b");
  core.calls[1].reject(core.host.error({ code: "rpc", message: "no" }));
  await assert.rejects(refused, { code: "rpc" });
  const again = client.subscribe("a:b");
  core.calls[2].resolve({});
  await again;
  core.host.event("subscriptionEnded", { key: 2, reason: "server" });
  void client.subscribe("a:b");
  assert.equal(core.calls.length, 4);

  core.era = "legacy";
  void client.subscribe("c:d");
  assert.deepEqual(core.calls[4].filter, { resourceSubscriptions: ["c:d"] });
});

test("events reach the page, and what it throws does not reach the core", async () => {
  const seen = [];
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  const [, core] = await opened({
    onEvent(event) {
      seen.push(event);
      throw new Error("page");
    },
  });
  core.host.event("resourceUpdated", { uri: "a:b" });
  assert.deepEqual(seen, [{ type: "resourceUpdated", uri: "a:b" }]);
  assert.deepEqual(reported, ["page"]);
  delete globalThis.reportError;
});

test("close frees the core once and answers what comes after", async () => {
  const [client, core] = await opened();
  client.close();
  client.close();
  assert.deepEqual(core.told, [["close"]]);
  await turn();
  assert.ok(core.freed);
  assert.equal(client.state.status, "connected");
  assert.equal(client.server.era, "modern");
  assert.deepEqual(client.metrics(), { messagesIn: 0 });
  await assert.rejects(client.callTool({ name: "echo" }), { code: "closed" });
  await assert.rejects(client.listen({}), { code: "closed" });

  let late;
  const [lost, other] = await opened({ onEvent: () => (late = lost.ping()) });
  other.host.event("state", { state: { status: "closed" } });
  await assert.rejects(late, { code: "closed" });
  assert.equal(lost.state.status, "connected");
  await turn();
  await turn();
  assert.ok(other.freed);
});

test("an aborted connect closes what it began", async () => {
  PaperCore.hold = true;
  const controller = new AbortController();
  const pending = connect("ws://x/", { WebSocket: FakeSocket, signal: controller.signal });
  await turn();
  controller.abort();
  await assert.rejects(pending, { code: "cancelled" });
  await turn();
  assert.deepEqual(PaperCore.last.told, [["close"]]);
  assert.ok(PaperCore.last.freed);
  PaperCore.hold = false;
});

test("the types name every error code that the crate has, and no other", async () => {
  const { readFile } = await import("node:fs/promises");
  const source = await readFile(new URL("../../src/error.rs", import.meta.url), "utf8");
  const types = await readFile(new URL("../index.d.ts", import.meta.url), "utf8");
  const crate = new Set([...source.matchAll(/=> "([a-z_]+)",/g)].map(([, code]) => code));
  const union = types.slice(types.indexOf("export type ErrorCode"), types.indexOf("export class EverywireError"));
  const named = new Set([...union.matchAll(/\| "([a-z_]+)"/g)].map(([, code]) => code));
  assert.ok(crate.size > 15, `${crate.size} codes were found in error.rs`);
  assert.deepEqual([...named].sort(), [...crate].sort());
});
