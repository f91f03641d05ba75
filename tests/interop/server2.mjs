// The TypeScript SDK v2's own servers, with tools that show what has to travel. Prints the port.
// node server2.mjs auto | json | sse    how it answers: as JSON where it can, always, never
// node server2.mjs stdio                 on its own streams; prints nothing else
import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { McpServer, acceptedContent, createMcpHandler, inputRequired } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

const text = (text) => ({ content: [{ type: "text", text }] });

function peer() {
  const server = new McpServer({ name: "typescript-peer", version: "2.4.0" });
  server.registerTool("echo", { description: "Gives the text back.", inputSchema: z.object({ text: z.string() }) }, ({ text: given }) => text(given));
  server.registerTool("ask", { description: "Asks for a name.", inputSchema: z.object({}) }, (_, ctx) => {
    const requestedSchema = z.object({ name: z.string() });
    const given = acceptedContent(ctx.mcpReq.inputResponses, "name", requestedSchema);
    if (given) return text(`accept: ${given.name}`);
    return inputRequired({ inputRequests: { name: inputRequired.elicit({ message: "What is your name?", requestedSchema }) }, requestState: "asked" });
  });
  server.registerTool("steps", { description: "Reports its progress.", inputSchema: z.object({}) }, async (_, ctx) => {
    const { progressToken } = ctx.mcpReq._meta ?? {};
    for (const progress of [1, 2, 3])
      await ctx.mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 3 } });
    return text("done");
  });
  server.registerTool("change", { description: "Says that the tools changed.", inputSchema: z.object({}) }, () => {
    if (handler) handler.notify.toolsChanged();
    else server.sendToolListChanged();
    return text("told");
  });
  server.registerTool("never", { description: "Ends when it is cancelled.", inputSchema: z.object({}) }, async (_, ctx) => {
    const { progressToken } = ctx.mcpReq._meta ?? {};
    await ctx.mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress: 1 } });
    await new Promise((end) => ctx.mcpReq.signal.addEventListener("abort", end));
    console.error("never ended");
    return text("cancelled");
  });
  server.registerTool("fail", { description: "Fails.", inputSchema: z.object({}) }, () => {
    throw new Error("as asked");
  });
  return server;
}

const mode = process.argv[2];
const handler = mode === "stdio" ? undefined : createMcpHandler(peer, { responseMode: mode });
if (handler) {
  const listener = createServer(toNodeHandler(handler));
  listener.listen(0, "127.0.0.1", () => console.log(listener.address().port));
} else {
  serveStdio(peer);
}
