// The TypeScript SDK v1's own servers, with tools that show what has to travel. Prints the port.
// node server.mjs stateful | stateless | json | sse    (json: stateful, answers as JSON where they can be)
// node server.mjs stdio                               (on its own streams; prints nothing else)
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { ElicitResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";

const mode = process.argv[2];
const text = (text) => ({ content: [{ type: "text", text }] });

function peer() {
  const server = new McpServer({ name: "typescript-peer", version: "1.32.2" });
  server.registerTool("echo", { description: "Gives the text back.", inputSchema: { text: z.string() } }, ({ text: given }) => text(given));
  const params = {
    message: "What is your name?",
    requestedSchema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
  };
  const said = ({ action, content }) => text(`${action}: ${content?.name}`);
  server.registerTool("ask", { description: "Asks for a name." }, async (extra) =>
    said(await extra.sendRequest({ method: "elicitation/create", params }, ElicitResultSchema)),
  );
  server.registerTool("ask_aside", { description: "Asks on the stream of what nobody asked for." }, async () =>
    said(await server.server.elicitInput(params)),
  );
  server.registerTool("steps", { description: "Reports its progress." }, async (extra) => {
    const { progressToken } = extra._meta ?? {};
    for (const progress of [1, 2, 3])
      await extra.sendNotification({ method: "notifications/progress", params: { progressToken, progress, total: 3 } });
    return text("done");
  });
  server.registerTool("change", { description: "Says that the tools changed." }, () => {
    server.sendToolListChanged();
    return text("told");
  });
  server.registerTool("never", { description: "Ends when it is cancelled." }, async (extra) => {
    const { progressToken } = extra._meta ?? {};
    await extra.sendNotification({ method: "notifications/progress", params: { progressToken, progress: 1 } });
    await new Promise((end) => extra.signal.addEventListener("abort", end));
    console.error("never ended");
    return text("cancelled");
  });
  server.registerTool("fail", { description: "Fails." }, () => {
    throw new Error("as asked");
  });
  return server;
}

/** By session id. */
const open = new Map();

async function streamable(request, response) {
  if (mode === "stateless") {
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    await peer().connect(transport);
    return transport.handleRequest(request, response);
  }
  const id = request.headers["mcp-session-id"];
  let transport = open.get(id);
  if (id && !transport) return response.writeHead(404).end();
  if (!transport) {
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      enableJsonResponse: mode === "json",
      onsessioninitialized: (session) => open.set(session, transport),
      onsessionclosed: (session) => open.delete(session),
    });
    await peer().connect(transport);
  }
  return transport.handleRequest(request, response);
}

async function sse(request, response) {
  const url = new URL(request.url, "http://localhost");
  if (request.method === "GET" && url.pathname === "/sse") {
    const transport = new SSEServerTransport("/messages", response);
    open.set(transport.sessionId, transport);
    return peer().connect(transport);
  }
  const transport = open.get(url.searchParams.get("sessionId"));
  if (request.method !== "POST" || !transport) return response.writeHead(404).end();
  return transport.handlePostMessage(request, response);
}

if (mode === "stdio") {
  await peer().connect(new StdioServerTransport());
} else {
  const listener = createServer(mode === "sse" ? sse : streamable);
  listener.listen(0, "127.0.0.1", () => console.log(listener.address().port));
}
