import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
export const name = "TypeScript SDK v1";
export async function connect(url) {
  const client = new Client({ name: "bench", version: "0" });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return { echo: async (text) => (await client.callTool({ name: "echo", arguments: { text } })).content[0].text };
}
