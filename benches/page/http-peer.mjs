// The server that the HTTP contenders call: a thread of its own, so that it does not wait for who drives the browser. It answers
// in both eras, at /json with one JSON document, at /sse with an event stream, and lets every page in.
import { createServer } from "node:http";
import { parentPort } from "node:worker_threads";

const serverInfo = { name: "bench", version: "0" };
const capabilities = { tools: {} };
const cors = {
  "access-control-allow-origin": "*",
  // Kept by the browser, so that no call is preceded by a question about it.
  "access-control-max-age": "7200",
  "access-control-allow-methods": "POST, GET, DELETE",
  "access-control-allow-headers": "content-type, accept, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, last-event-id",
};

function answer(method, params) {
  switch (method) {
    case "initialize":
      return { protocolVersion: params.protocolVersion, capabilities, serverInfo };
    case "server/discover":
      return {
        resultType: "complete", supportedVersions: ["2026-07-28"], capabilities, ttlMs: 60_000, cacheScope: "public",
        _meta: { "io.modelcontextprotocol/serverInfo": serverInfo },
      };
    case "tools/call":
      return { resultType: "complete", content: [{ type: "text", text: params.arguments.text }] };
    case "tools/list":
      return { resultType: "complete", tools: [], ttlMs: 60_000, cacheScope: "public" };
    default:
      return {};
  }
}

const server = createServer(async (request, response) => {
  if (request.method === "OPTIONS") return response.writeHead(204, cors).end();
  if (request.method !== "POST") return response.writeHead(405, cors).end();
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  const { id, method, params } = JSON.parse(text);
  if (id === undefined) return response.writeHead(202, cors).end();
  const reply = JSON.stringify({ jsonrpc: "2.0", id, result: answer(method, params) });
  if (request.url === "/sse") response.writeHead(200, { ...cors, "content-type": "text/event-stream" }).end(`event: message\ndata: ${reply}\n\n`);
  else response.writeHead(200, { ...cors, "content-type": "application/json", "content-length": Buffer.byteLength(reply) }).end(reply);
});
server.listen(0, "127.0.0.1", () => parentPort.postMessage(`http://127.0.0.1:${server.address().port}`));
