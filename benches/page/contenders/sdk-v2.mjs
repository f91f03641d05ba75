// The v2 client has no WebSocket transport of its own: this is what an application would write.
import { Client } from "@modelcontextprotocol/client";
export const name = "TypeScript SDK v2, transport by hand";

class WebSocketTransport {
  constructor(url) {
    this.url = url;
  }
  start() {
    return new Promise((resolve) => {
      this.socket = new WebSocket(this.url, "mcp");
      this.socket.onopen = () => resolve();
      this.socket.onclose = () => this.onclose?.();
      this.socket.onmessage = ({ data }) => this.onmessage?.(JSON.parse(data));
    });
  }
  async send(message) {
    this.socket.send(JSON.stringify(message));
  }
  async close() {
    this.socket.close();
  }
}

export async function connect(url) {
  const client = new Client({ name: "bench", version: "0" });
  await client.connect(new WebSocketTransport(url));
  return {
    echo: async (text) => (await client.callTool({ name: "echo", arguments: { text } })).content[0].text,
    close: () => client.close(),
  };
}
