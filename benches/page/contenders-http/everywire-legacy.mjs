import { connect as open } from "everywire";
export const name = "everywire (legacy)";
export const wasm = "everywire/everywire_bg.wasm";
export async function connect(url, module) {
  const client = await open(url, { name: "bench", version: "0", era: "legacy", wasm: module });
  return { echo: async (text) => (await client.callTool({ name: "echo", arguments: { text } })).content[0].text };
}
