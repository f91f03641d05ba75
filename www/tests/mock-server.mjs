// A small MCP server of the 2025-11-25 era over WebSocket: a peer for the browser tests that shares no code with this project.
// node mock-server.mjs [port] [--hostile]   prints the address it listens on.
import { WebSocketServer } from "ws";
import { session } from "./mock-peer.mjs";

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2] ?? 0), handleProtocols: (offered) => (offered.has("mcp") ? "mcp" : false) });
server.on("connection", (socket) => {
  const send = (message) => socket.readyState === 1 && socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
  const peer = session(send);
  socket.on("close", () => peer.close());
  socket.on("message", (data) => void peer.receive(JSON.parse(data.toString()), send));
});
server.on("listening", () => console.log(`ws://127.0.0.1:${server.address().port}/`));
