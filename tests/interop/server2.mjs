// The TypeScript SDK v2's own HTTP server, with tools that show what has to travel. Prints the port.
// node server2.mjs auto | json | sse    how it answers: as JSON where it can, always, never
import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { McpServer, acceptedContent, createMcpHandler, inputRequired } from "@modelcontextprotocol/server";
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
    handler.notify.toolsChanged();
    return text("told");
  });
  server.registerTool("fail", { description: "Fails.", inputSchema: z.object({}) }, () => {
    throw new Error("as asked");
  });
  return server;
}

const handler = createMcpHandler(peer, { responseMode: process.argv[2] });
const listener = createServer(toNodeHandler(handler));
listener.listen(0, "127.0.0.1", () => console.log(listener.address().port));
