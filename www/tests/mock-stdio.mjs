// A small MCP server of the 2025-11-25 era over standard input and output: a child process that shares no code with this project.
import { createInterface } from "node:readline";
import { session } from "./mock-peer.mjs";

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const peer = session(send);
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => void peer.receive(JSON.parse(line), send));
lines.on("close", () => peer.close());
