import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
export const name = "TypeScript SDK v2 (legacy)";
export async function connect(url) {
  const client = new Client({ name: "bench", version: "0" }, { versionNegotiation: { mode: "legacy" } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return { echo: async (text) => (await client.callTool({ name: "echo", arguments: { text } })).content[0].text };
}
