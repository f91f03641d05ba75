// The TypeScript SDK v2's client against the HTTP server at the URL given, or a program that it starts. Prints what it saw as
// one JSON object.
// node client2.mjs auto | legacy URL                      whether it asks the server for its era, or starts with initialize
// node client2.mjs auto | legacy PROGRAM ARGUMENTS…
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const [mode, server, ...args] = process.argv.slice(2);
const patience = setTimeout(() => {
  console.error("still waiting after 30 s");
  process.exit(1);
}, 30_000);

const options = { capabilities: { elicitation: {} }, versionNegotiation: { mode } };
const client = new Client({ name: "typescript-peer", version: "2.4.0" }, options);
client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { name: "Ada" } }));
const overHttp = server.startsWith("http:");
await client.connect(overHttp ? new StreamableHTTPClientTransport(new URL(server)) : new StdioClientTransport({ command: server, args }));
const text = (result) => result.content[0].text;
const progress = [];
const onprogress = ({ progress: done }) => {
  progress.push(done);
  if (done === 3) client.callTool({ name: "seen", arguments: {} });
};
const { tools } = await client.listTools();
const seen = {
  server: client.getServerVersion().name,
  version: client.getNegotiatedProtocolVersion(),
  tools: tools.map((tool) => tool.name).sort(),
  echo: text(await client.callTool({ name: "echo", arguments: { text: "żółw" } })),
  ask: text(await client.callTool({ name: "ask", arguments: {} })),
  steps: text(await client.callTool({ name: "steps", arguments: { until_seen: true } }, { onprogress })),
  progress,
  failed: (await client.callTool({ name: "fail", arguments: {} })).isError,
};
await client.close();
clearTimeout(patience);
console.log(JSON.stringify(seen));
