// The TypeScript SDK's WebSocket client against the server at the URL given. Prints what it saw as one JSON object.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
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
const url = new URL(process.argv[2]);
await client.connect(new (url.protocol === "ws:" ? WebSocketClientTransport : StreamableHTTPClientTransport)(url));
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
