// The TypeScript SDK v1's client against the server at the URL given, WebSocket or HTTP, or against a program that it starts.
// Prints what it saw as one JSON object.
// node client.mjs URL | PROGRAM ARGUMENTS…
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { WebSocketClientTransport } from "@modelcontextprotocol/sdk/client/websocket.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import WebSocket from "ws";

globalThis.WebSocket = WebSocket;
const patience = setTimeout(() => {
  console.error("still waiting after 30 s");
  process.exit(1);
}, 30_000);

const client = new Client({ name: "typescript-peer", version: "1.32.2" }, { capabilities: { elicitation: {} } });
client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { name: "Ada" } }));
const [server, ...args] = process.argv.slice(2);
function transport() {
  if (server.startsWith("ws:")) return new WebSocketClientTransport(new URL(server));
  if (server.startsWith("http:")) return new StreamableHTTPClientTransport(new URL(server));
  return new StdioClientTransport({ command: server, args });
}
await client.connect(transport());
const text = (result) => result.content[0].text;
const progress = [];
const { tools } = await client.listTools();
const seen = {
  server: client.getServerVersion().name,
  tools: tools.map((tool) => tool.name).sort(),
  echo: text(await client.callTool({ name: "echo", arguments: { text: "żółw" } })),
  ask: text(await client.callTool({ name: "ask", arguments: {} })),
  steps: text(
    await client.callTool({ name: "steps", arguments: {} }, undefined, { onprogress: (step) => progress.push(step.progress) }),
  ),
  progress,
  failed: (await client.callTool({ name: "fail", arguments: {} })).isError,
};
await client.ping();
await client.close();
clearTimeout(patience);
console.log(JSON.stringify(seen));
