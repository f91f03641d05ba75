// An MCP server over HTTP, written against the specification only: 2026-07-28 at /modern, 2025-11-25 with a session at /legacy.
import { randomUUID } from "node:crypto";

const serverInfo = { name: "peer", version: "1" };
const region = { type: "object", properties: { region: { type: "string", "x-mcp-header": "Region" } } };
const tools = [
  { name: "echo", inputSchema: { type: "object" } },
  { name: "steps", inputSchema: { type: "object" } },
  { name: "query", inputSchema: region },
];
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST, DELETE",
  "access-control-expose-headers": "mcp-session-id",
};

/** `log` gets every request: method, path, headers, body. `allow` names the request headers that pages may send. */
export function peer({ log = [], token, cors = CORS, allow } = {}) {
  const sessions = new Set();

  const result = (method, params) => {
    if (method == "server/discover")
      return { supportedVersions: ["2026-07-28"], capabilities: { tools: {} }, ttlMs: 0, cacheScope: "private", _meta: { "io.modelcontextprotocol/serverInfo": serverInfo } };
    if (method == "initialize") return { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo };
    if (method == "tools/list") return { tools, ttlMs: 0, cacheScope: "private" };
    return { content: [{ type: "text", text: params.arguments?.text ?? params.arguments?.region ?? "done" }] };
  };

  return async function handle(request, response) {
    let text = "";
    for await (const part of request.setEncoding("utf8")) text += part;
    const body = text ? JSON.parse(text) : undefined;
    const { method: verb, url, headers } = request;
    log.push({ verb, url, headers, body });
    const json = (status, value, more) =>
      response.writeHead(status, { ...cors, ...more, "content-type": "application/json" }).end(JSON.stringify(value));
    if (verb == "OPTIONS")
      return response.writeHead(204, { ...cors, "access-control-allow-headers": allow ?? headers["access-control-request-headers"] }).end();
    if (token && headers.authorization != `Bearer ${token()}`) return json(401, { error: "invalid_token" });
    const modern = url.startsWith("/modern");
    if (verb == "DELETE" && !modern) {
      sessions.delete(headers["mcp-session-id"]);
      return response.writeHead(204, cors).end();
    }
    if (verb != "POST") return response.writeHead(405, cors).end();
    const { id, method, params = {} } = body;
    if (!modern && method == "server/discover") return response.writeHead(400, cors).end();
    if (!modern && method != "initialize" && !sessions.has(headers["mcp-session-id"])) return response.writeHead(400, cors).end();
    if (id === undefined) return response.writeHead(202, cors).end();
    const more = {};
    if (method == "initialize") sessions.add((more["mcp-session-id"] = randomUUID()));
    const answer = { jsonrpc: "2.0", id, result: { ...(modern && { resultType: "complete" }), ...result(method, params) } };
    if (params.name != "steps") return json(200, answer, more);
    response.writeHead(200, { ...cors, "content-type": "text/event-stream" });
    const { progressToken } = params._meta ?? {};
    for (const progress of [1, 2])
      response.write(`data: ${JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, progress } })}\n\n`);
    response.end(`data: ${JSON.stringify(answer)}\n\n`);
  };
}
