// The package as it is built, over HTTP: in Node.js, and in pages of another origin.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { connect } from "../node.mjs";
import { closeServers, launch, open, serve } from "./browser.mjs";
import { peer } from "./peer.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => {
  await browser.close();
  await closeServers();
});

const started = async (options) => {
  const log = [];
  const server = await serve(peer({ log, ...options }));
  const base = new URL(server.url).origin;
  return { log, modern: `${base}/modern`, legacy: `${base}/legacy`, close: server.close };
};
const text = async (client, params, options) => (await client.callTool(params, options)).content[0].text;

test("both eras, JSON and event streams", async () => {
  const server = await started();
  for (const [url, era] of [[server.modern, "modern"], [server.legacy, "legacy"]]) {
    const client = await connect(url);
    assert.deepEqual([client.server.era, client.server.transport, client.server.serverInfo.name], [era, "http", "peer"]);
    assert.equal(await text(client, { name: "echo", arguments: { text: "hellö" } }), "hellö");
    const steps = [];
    assert.equal(await text(client, { name: "steps" }, { onProgress: ({ progress }) => steps.push(progress) }), "done");
    assert.deepEqual(steps, [1, 2]);
    client.close();
  }
  await server.close();
});

test("the head of a request is mirrored, and arguments that the tool names", async () => {
  const server = await started();
  const client = await connect(server.modern);
  await client.listTools();
  assert.equal(await text(client, { name: "query", arguments: { region: "süd" } }), "süd");
  const { headers, body } = server.log.at(-1);
  const named = Object.entries(headers).filter(([name]) => name.startsWith("mcp-"));
  assert.deepEqual(Object.fromEntries(named), {
    "mcp-method": "tools/call",
    "mcp-name": "query",
    "mcp-param-region": "=?base64?c8O8ZA==?=",
    "mcp-protocol-version": "2026-07-28",
  });
  assert.equal(headers.accept, "application/json, text/event-stream");
  assert.equal(headers["content-type"], "application/json");
  assert.equal(body.params.arguments.region, "süd");
  client.close();
  await server.close();
});

test("a token is asked for once, and again when it is refused", async () => {
  let valid = "one";
  const server = await started({ token: () => valid });
  let asked = 0;
  const client = await connect(server.modern, { token: async () => (asked++, valid), headers: { "X-Tenant": "a" } });
  await client.callTool({ name: "echo" });
  assert.equal(asked, 1);
  valid = "two";
  await client.callTool({ name: "echo" });
  assert.equal(asked, 2);
  assert.ok(server.log.every(({ headers }) => headers["x-tenant"] == "a"));
  client.close();
  const fixed = await connect(server.modern, { token: "two" });
  valid = "three";
  await assert.rejects(fixed.callTool({ name: "echo" }), { code: "auth_required" });
  fixed.close();
  await assert.rejects(connect(server.modern), { code: "auth_required" });
  await assert.rejects(connect(server.modern, { headers: { Accept: "x" } }), { code: "config", message: /accept is set by the transport/ });
  await server.close();
});

test("a fetch of one's own is used, with nothing as this", async () => {
  const server = await started();
  const seen = [];
  async function mine(url, init) {
    seen.push([this, url, init.method]);
    return fetch(url, init);
  }
  const client = await connect(server.modern, { fetch: mine });
  assert.deepEqual(seen[0], [undefined, server.modern, "POST"]);
  assert.equal(seen.length, server.log.length);
  client.close();
  await server.close();
});

test("a WebSocket that is preferred is tried first, and HTTP where it does not open", async () => {
  const server = await started();
  const client = await connect(server.modern, { prefer: "websocket", WebSocket });
  assert.equal(client.server.transport, "http");
  assert.equal(await text(client, { name: "echo", arguments: { text: "x" } }), "x");
  client.close();
  await server.close();

  // Answers over WebSocket only.
  const sockets = new WebSocketServer({ port: 0 });
  await new Promise((resolve) => sockets.once("listening", resolve));
  sockets.on("connection", (socket, { url }) =>
    socket.on("message", (data) => {
      const { id } = JSON.parse(data);
      const result = { resultType: "complete", supportedVersions: ["2026-07-28"], capabilities: {}, instructions: url, ttlMs: 0, cacheScope: "private" };
      if (id !== undefined) socket.send(JSON.stringify({ jsonrpc: "2.0", id, result }));
    }),
  );
  const over = await connect(`http://127.0.0.1:${sockets.address().port}/mcp?a=b`, { prefer: "websocket", WebSocket });
  assert.deepEqual([over.server.transport, over.server.instructions], ["websocket", "/mcp?a=b"]);
  over.close();
  sockets.close();
});

test("a session is ended at the server when its client closes", async () => {
  let ended;
  const deleted = new Promise((resolve) => (ended = resolve));
  const log = { push: (entry) => entry.verb == "DELETE" && ended(entry) };
  const server = await started({ log });
  const client = await connect(server.legacy);
  client.close();
  const { headers } = await deleted;
  assert.match(headers["mcp-session-id"], /^[\w-]{36}$/);
  await server.close();
});

test("a server that is not there is named, with the cause", async () => {
  const server = await started();
  await server.close();
  await assert.rejects(connect(server.modern, { reconnect: false }), { code: "connect_failed", message: /ECONNREFUSED/ });
});

/** Runs in a page that has `connect`. */
const inPage = (page, run, argument) =>
  page.evaluate(
    `(async (argument) => { const { connect } = await import("/index.mjs"); return (${run})(connect, argument); })(${JSON.stringify(argument)})`,
  );

test("a page of another origin", async () => {
  const server = await started();
  const page = await open(browser);
  for (const url of [server.modern, server.legacy]) {
    const said = await inPage(page, async (connect, url) => {
      const client = await connect(url);
      const steps = [];
      await client.callTool({ name: "steps" }, { onProgress: ({ progress }) => steps.push(progress) });
      const { content } = await client.callTool({ name: "echo", arguments: { text: "€" } });
      client.close();
      return [steps, content[0].text];
    }, url);
    assert.deepEqual(said, [[1, 2], "€"]);
  }
  await page.context().close();
  await server.close();
});

test("a page that is not let in can find out why", async () => {
  const server = await started({ cors: {} });
  const page = await open(browser);
  const { code, message, diagnosis } = await inPage(page, async (connect, url) => {
    const error = await connect(url, { reconnect: false }).catch((error) => error);
    return { code: error.code, message: error.message, diagnosis: await error.diagnose() };
  }, server.modern);
  assert.equal(code, "cors_or_network");
  assert.ok(message.includes(new URL(page.url()).origin) && message.includes("mcp-method"), message);
  assert.deepEqual(diagnosis.causes.map(({ kind }) => kind), ["origin_refused"]);
  await page.context().close();
  await server.close();
});

test("a mirrored argument that a page may not send is always sent, and named in the refusal", async () => {
  const server = await started({ allow: "content-type, mcp-protocol-version, mcp-method, mcp-name" });
  const page = await open(browser);
  const { message, maybeExecuted, refused } = await inPage(page, async (connect, url) => {
    const client = await connect(url, { reconnect: false });
    await client.listTools();
    const error = await client.callTool({ name: "query", arguments: { region: "eu" } }).catch((error) => error);
    const { causes } = await error.diagnose();
    client.close();
    return { message: error.message, maybeExecuted: error.maybeExecuted, refused: causes.map(({ kind, header }) => [kind, header]) };
  }, server.modern);
  assert.match(message, /mcp-param-region/);
  assert.equal(maybeExecuted, true, "a browser does not say whether the request left");
  assert.deepEqual(refused, [["header_refused", "mcp-param-region"]]);
  assert.ok(!server.log.some(({ body }) => body?.method == "tools/call"), "it is not sent without the header either");
  await page.context().close();
  await server.close();
});

test("a session whose id the page does not see is explained", async () => {
  const cors = { "access-control-allow-origin": "*" };
  const server = await started({ cors });
  const page = await open(browser);
  const { code, status, causes } = await inPage(page, async (connect, url) => {
    const client = await connect(url, { era: "legacy" });
    const error = await client.callTool({ name: "echo" }).catch((error) => error);
    const { causes } = await error.diagnose();
    client.close();
    return { code: error.code, status: error.status, causes };
  }, server.legacy);
  assert.deepEqual([code, status], ["refused", 400]);
  assert.deepEqual(causes.map(({ kind, headers }) => [kind, headers]), [["header_not_exposed", ["Access-Control-Expose-Headers: mcp-session-id"]]]);
  await page.context().close();
  await server.close();
});

test("a page that goes for good ends its session", async () => {
  let ended;
  const deleted = new Promise((resolve) => (ended = resolve));
  const server = await started({ log: { push: (entry) => entry.verb == "DELETE" && ended(entry.headers["mcp-session-id"]) } });
  const page = await open(browser);
  await inPage(page, async (connect, url) => void (globalThis.client = await connect(url)), server.legacy);
  await page.goto("about:blank");
  assert.match(await deleted, /^[\w-]{36}$/);
  await page.context().close();
  await server.close();
});
