// The same over Streamable HTTP: 2025-11-25 with a session, and with --modern 2026-07-28 too.
// node mock-http.mjs [port] [--hostile] [--modern | --older] [--cors=all|old|none] [--token=…] [--header=…]   prints the address of its endpoint.
// --older: HTTP+SSE of 2024-11-05 in place of all that.
// --cors: which pages it lets in: all of them, those that send no header newer than 2025-11-25, or none.
// --token, --header: refuses requests without this bearer token, or without this request header.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { failed, modern, session } from "./mock-peer.mjs";

const flag = (name) => process.argv.find((one) => one.startsWith(`--${name}=`))?.slice(name.length + 3);
const speaksModern = process.argv.includes("--modern");
const older = process.argv.includes("--older");
const cors = flag("cors") ?? "all";
const token = flag("token");
const wanted = flag("header");
const sessions = new Map();

const old = ["authorization", "content-type", "last-event-id", "mcp-protocol-version", "mcp-session-id"];
const letIn = {
  all: { "access-control-allow-origin": "*", "access-control-expose-headers": "mcp-session-id, www-authenticate" },
  old: { "access-control-allow-origin": "*", "access-control-expose-headers": "mcp-session-id, www-authenticate" },
  none: {},
}[cors];

const preflight = (request) => ({
  ...letIn,
  ...(cors !== "none" && {
    "access-control-allow-methods": "GET, POST, DELETE",
    "access-control-allow-headers": cors === "all" ? (request.headers["access-control-request-headers"] ?? "") : old.join(", "),
  }),
});

async function bodyOf(request) {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return JSON.parse(text);
}

/** Answers with an event stream: gives the way to write a message into it. */
function stream(response) {
  response.writeHead(200, { ...letIn, "content-type": "text/event-stream", "cache-control": "no-store" });
  return (message) => response.write(`data: ${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`);
}

function json(response, status, body, headers = {}) {
  response.writeHead(status, { ...letIn, ...headers, "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", ...body }));
}

const refuse = (response, status, id, message) => json(response, status, { id: id ?? null, error: { code: -32000, message } });

async function postModern(message, response) {
  const abort = new AbortController();
  response.on("close", () => abort.abort());
  if (message.id === undefined) return response.writeHead(202, letIn).end();
  const send = message.method === "tools/call" ? stream(response) : undefined;
  const answer = await modern(message, abort.signal, send).then((result) => ({ result }), (error) => ({ error: failed(error) }));
  if (!send) return json(response, answer.error?.code === -32601 ? 404 : 200, { id: message.id, ...answer });
  send({ id: message.id, ...answer });
  response.end();
}

async function postLegacy(message, id, response) {
  if (message.method === "initialize") {
    const fresh = randomUUID();
    const kept = { listener: undefined };
    // Without a listener it is lost, as it would be with many servers.
    kept.peer = session((notice) => kept.listener?.(notice));
    sessions.set(fresh, kept);
    return kept.peer.receive(message, (answer) => json(response, 200, answer, { "mcp-session-id": fresh }));
  }
  if (id === undefined) return refuse(response, 400, message.id, "Bad Request: no session id");
  const kept = sessions.get(id);
  if (!kept) return refuse(response, 404, message.id, "Session not found");
  if (message.id === undefined || message.method === undefined) {
    void kept.peer.receive(message, () => {});
    return response.writeHead(202, letIn).end();
  }
  await kept.peer.receive(message, stream(response));
  response.end();
}

/** 2024-11-05: one stream for all that the server says, and an address of its own for all that it is told. */
async function serveOlder(request, response) {
  const { method, url } = request;
  const id = new URL(url, "http://mock").searchParams.get("id");
  if (method === "GET") {
    const fresh = randomUUID();
    const send = stream(response);
    const peer = session(send, "2024-11-05");
    sessions.set(fresh, { peer, send });
    response.write(`event: endpoint\ndata: /messages?id=${fresh}\n\n`);
    return response.on("close", () => (peer.close(), sessions.delete(fresh)));
  }
  const kept = sessions.get(id);
  if (!kept) return response.writeHead(url === "/mcp" ? 405 : 404, letIn).end();
  void kept.peer.receive(await bodyOf(request), kept.send);
  response.writeHead(202, letIn).end();
}

const server = createServer(async (request, response) => {
  const { method, headers } = request;
  const id = headers["mcp-session-id"];
  const kept = sessions.get(id);
  if (method === "OPTIONS") return response.writeHead(cors === "none" ? 405 : 204, preflight(request)).end();
  if (token && headers.authorization !== `Bearer ${token}`) return response.writeHead(401, { ...letIn, "www-authenticate": "Bearer" }).end();
  if (wanted && headers[wanted] === undefined) return refuse(response, 403, null, `Forbidden: ${wanted} is missing`);
  if (older) return serveOlder(request, response);
  if (method === "POST") {
    const message = await bodyOf(request);
    const declared = headers["mcp-protocol-version"];
    return speaksModern && declared === "2026-07-28" ? postModern(message, response) : postLegacy(message, id, response);
  }
  if (!kept) return refuse(response, 404, null, "Session not found");
  if (method === "GET") {
    kept.listener = stream(response);
    response.flushHeaders();
    return response.on("close", () => (kept.listener = undefined));
  }
  kept.peer.close();
  sessions.delete(id);
  response.writeHead(200, letIn).end();
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/mcp`));
