// The floor: fetch, JSON, and the least that reads an event stream as it comes.
export const name = "plain JavaScript";

const _meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

async function firstMessage(response) {
  if (response.headers.get("content-type").startsWith("application/json")) return response.json();
  let text = "";
  const decoder = new TextDecoder();
  for (const reader = response.body.getReader(); ; ) {
    const { value, done } = await reader.read();
    if (done) throw new Error("no answer");
    text += decoder.decode(value, { stream: true });
    const end = text.indexOf("\n\n");
    if (end >= 0) return JSON.parse(text.slice(text.indexOf("data: ") + 6, end));
  }
}

export async function connect(url) {
  let next = 1;
  const request = async (method, mcpName, params) => {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        "mcp-name": mcpName,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: next++, method, params: { ...params, _meta } }),
    });
    const { result, error } = await firstMessage(response);
    if (error) throw new Error(error.message);
    return result;
  };
  return { echo: async (text) => (await request("tools/call", "echo", { name: "echo", arguments: { text } })).content[0].text };
}
