// The floor: JSON, a Map of ids, and nothing of what a client is for.
export const name = "plain JavaScript";
export async function connect(url) {
  const socket = new WebSocket(url, "mcp");
  const waiting = new Map();
  let next = 1;
  socket.onmessage = ({ data }) => {
    const { id, result, error } = JSON.parse(data);
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error(error.message));
    else resolve(result);
  };
  await new Promise((resolve) => (socket.onopen = resolve));
  const request = (method, params) =>
    new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  await request("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "bench", version: "0" } });
  return {
    echo: async (text) => (await request("tools/call", { name: "echo", arguments: { text } })).content[0].text,
    close: () => socket.close(),
  };
}
