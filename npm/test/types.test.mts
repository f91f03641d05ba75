// Compiled, never run: what must type-check does, and what must not is marked so.
import { WebSocket as NodeWebSocket } from "ws";
import { Client, EverywireError, connect } from "everywire";
import { diagnose } from "everywire/doctor";
import type { ClientEvent, ConnectionState, Diagnosis, ElicitResult, ErrorCode, InputRequired, Outcome, Tool } from "everywire";

const client: Client = await connect("ws://127.0.0.1:9001/", {
  name: "types",
  version: "1.0.0",
  WebSocket: NodeWebSocket,
  headers: { Authorization: "Bearer x" },
  token: async () => "token",
  era: "modern",
  protocols: ["mcp"],
  cache: false,
  reconnect: { baseDelay: 100, maxAttempts: 3 },
  onElicit: (request, { signal, source }): ElicitResult => {
    if (request.mode === "url") return { action: request.url && !signal.aborted ? "accept" : "decline" };
    const names: string[] = Object.keys(request.requestedSchema.properties);
    return source === "push" ? { action: "accept", content: { [names[0] ?? "name"]: ["a"] } } : { action: "cancel" };
  },
  onEvent: (event: ClientEvent) => {
    if (event.type === "state" && event.state.status === "reconnecting") event.state.retryInMs.toFixed(event.state.reason?.message.length);
    if (event.type === "frame") event.text.slice();
    // @ts-expect-error a log has no text
    if (event.type === "log") event.text;
  },
});

const over = await connect("https://example.com/mcp", { headers: new Headers({ a: "b" }), credentials: "include", prefer: "websocket", fetch: (url, init) => fetch(url, init) });
over.server.transport satisfies "http" | "http+sse" | "websocket";
// @ts-expect-error there is no such mode
await connect("https://x", { credentials: "always" });

await connect(new URL("wss://example.com/mcp"), { onElicit: { form: async ({ requestedSchema }) => ({ action: requestedSchema ? "accept" : "cancel" }) } });
// @ts-expect-error there is no such option
await connect("ws://x", { headrs: {} });
// @ts-expect-error there is no such action
await connect("ws://x", { onElicit: () => ({ action: "ok" }) });
// @ts-expect-error the address is missing
await connect();
// @ts-expect-error clients are made by connect()
new Client();

const tools: Tool[] = await client.listToolsAll({ signal: AbortSignal.timeout(1000) });
const { nextCursor } = await client.listTools({}, { fresh: true });
if (nextCursor !== undefined) await client.listTools({ cursor: nextCursor });
tools[0]?.inputSchema.type satisfies "object" | undefined;

const result = await client.callTool(
  { name: "echo", arguments: { text: "x" } },
  { onProgress: ({ progress, total }) => void (progress / (total ?? 1)), timeout: 1, idempotent: true, meta: { "example.com/x": 1 } },
);
for (const block of result.content) {
  switch (block.type) {
    case "text":
      block.text.length;
      break;
    case "image":
    case "audio":
      block.data + block.mimeType;
      break;
    case "resource_link":
      block.uri;
      break;
    case "resource":
      block.resource.text !== undefined ? block.resource.text.length : block.resource.blob.length;
      break;
    default:
      block satisfies never;
  }
}
// @ts-expect-error a tool has a name
await client.callTool({ arguments: {} });

const outcome: Outcome = await client.callOnce({ name: "book" });
if (outcome.status === "input_required") {
  const stored: InputRequired = JSON.parse(JSON.stringify(outcome));
  await client.resume(stored, { who: { action: "accept", content: { name: "Ada" } } });
} else outcome.result.isError;

const text = await client.readResource("file:///a");
text.contents[0]?.uri;
await client.getPrompt({ name: "p", arguments: { a: "b" } });
(await client.complete({ ref: { type: "ref/prompt", name: "p" }, argument: { name: "a", value: "" } })).completion.values.length;
const number: number = await client.request<number>("x/y", { a: 1 });
number.toFixed();
{
  using stream = await client.listen({ toolsListChanged: true });
  stream.acknowledged.toolsListChanged;
}
await client.setLogLevel("info");
// @ts-expect-error there is no such level
await client.setLogLevel("loud");
client.metrics().latency.buckets.length;
client.server.capabilities.tools?.listChanged;
const state: ConnectionState = client.state;
state.status;
await using closing = client;
closing.close();

try {
  await client.ping();
} catch (error) {
  if (error instanceof EverywireError) {
    const code: ErrorCode = error.code;
    code satisfies string;
    error.rpcCode?.toFixed();
    error.maybeExecuted satisfies boolean;
    const { causes }: Diagnosis = (await error.diagnose?.()) ?? (await diagnose("https://x", { headers: ["mcp-name"], onProgress: ({ done, of = 0 }) => void (done / of) }));
    causes[0]?.headers?.join(causes[0].summary);
    if (causes[0]?.kind === "csp") causes[0].certainty satisfies "certain" | "likely" | "possible";
    // @ts-expect-error there is no such code
    if (error.code === "oops") error;
  }
}
