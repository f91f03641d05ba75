// A small MCP server of the 2025-11-25 era over WebSocket, written against the specification only:
// a peer for the browser tests that shares no code with this project.
// node mock-server.mjs [port] [--hostile]   prints the address it listens on.
import { setTimeout } from "node:timers/promises";
import { WebSocketServer } from "ws";
import { hostile, tools, call } from "./mock-tools.mjs";

const resources = [
  { uri: "demo://notes/welcome", name: "welcome", title: "Welcome note", description: "Read me first", mimeType: "text/plain" },
  { uri: "demo://clock", name: "clock", title: "Clock", description: "Changes every second while subscribed", mimeType: "application/json" },
];
const templates = [{ uriTemplate: "demo://notes/{name}", name: "note", title: "A note by name", mimeType: "text/plain" }];
const prompts = [
  { name: "review", title: "Review code", description: "Asks for a careful review.", arguments: [{ name: "language", description: "Programming language", required: true }, { name: "focus", description: "What to look at" }] },
];
const odd = process.argv.includes("--hostile");
const languages = ["rust", "ruby", "typescript", "python"];

function read(uri) {
  if (uri === "demo://clock") return { uri, mimeType: "application/json", text: JSON.stringify({ now: new Date().toISOString() }) };
  const name = /^demo:\/\/notes\/(\w+)$/.exec(uri)?.[1];
  if (name) return { uri, mimeType: "text/plain", text: `This is the note called ${name}.\nIt has two lines.` };
  throw Object.assign(new Error("Resource not found"), { code: -32002, data: { uri } });
}

function serve(socket) {
  const running = new Map();
  const asked = new Map();
  const clocks = new Map();
  let ids = 0;
  const send = (message) => socket.readyState === 1 && socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
  const notify = (method, params) => send({ method, params });

  const ask = (method, params) => new Promise((done, stop) => {
    const id = `ask-${++ids}`;
    asked.set(id, { done, stop });
    send({ id, method, params });
  });

  const context = (signal, token) => ({
    sleep: (ms) => setTimeout(ms, undefined, { signal }),
    progress: (value) => token !== undefined && notify("notifications/progress", { progressToken: token, ...value }),
    log: (level, data) => notify("notifications/message", { level, logger: "mock", data }),
    elicit: (params) => ask("elicitation/create", params),
    sample: (params) => ask("sampling/createMessage", params),
  });

  const methods = {
    initialize: () => ({
      protocolVersion: "2025-11-25",
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true, listChanged: true }, prompts: {}, logging: {}, completions: {} },
      serverInfo: { name: "mock-server", title: "Mock server", version: "1.4.0" },
      instructions: "Try `book` for an elicitation, `slow` for progress and `gallery` for every kind of content.",
    }),
    ping: () => ({}),
    "logging/setLevel": () => ({}),
    "tools/list": () => ({ tools: odd ? [...hostile.tools, ...tools] : tools }),
    "resources/list": () => ({ resources: odd ? [...hostile.resources, ...resources] : resources }),
    "resources/templates/list": () => ({ resourceTemplates: templates }),
    "resources/read": ({ uri }) => ({ contents: [read(uri)] }),
    "resources/subscribe": ({ uri }) => {
      clocks.set(uri, setInterval(() => notify("notifications/resources/updated", { uri }), 1000));
      return {};
    },
    "resources/unsubscribe": ({ uri }) => (clearInterval(clocks.get(uri)), {}),
    "prompts/list": () => ({ prompts: odd ? [...hostile.prompts, ...prompts] : prompts }),
    "prompts/get": ({ arguments: args = {} }) => ({
      description: "A review request",
      messages: [
        { role: "user", content: { type: "text", text: `Review this ${args.language} code. Focus: ${args.focus || "everything"}.` } },
        { role: "assistant", content: { type: "text", text: "Show me the code." } },
      ],
    }),
    "completion/complete": ({ argument }) => ({ completion: { values: languages.filter((l) => l.startsWith(argument.value)) } }),
    "tools/call": (params, signal) => (odd && hostile.results[params.name]) || call(params.name, params.arguments ?? {}, context(signal, params._meta?.progressToken)),
  };

  socket.on("close", () => {
    for (const clock of clocks.values()) clearInterval(clock);
    for (const abort of running.values()) abort.abort();
  });
  socket.on("message", async (data) => {
    const message = JSON.parse(data.toString());
    if (message.method === undefined) {
      const waiter = asked.get(message.id);
      asked.delete(message.id);
      if (message.error) waiter?.stop(new Error(message.error.message));
      else waiter?.done(message.result);
      return;
    }
    if (message.id === undefined) {
      if (message.method === "notifications/cancelled") running.get(message.params.requestId)?.abort();
      return;
    }
    const abort = new AbortController();
    running.set(message.id, abort);
    try {
      const method = methods[message.method];
      if (!method) throw Object.assign(new Error(`Method not found: ${message.method}`), { code: -32601 });
      const result = await method(message.params ?? {}, abort.signal);
      if (!abort.signal.aborted) send({ id: message.id, result });
    } catch (error) {
      if (!abort.signal.aborted) send({ id: message.id, error: { code: error.code ?? -32603, message: error.message, data: error.data } });
    } finally {
      running.delete(message.id);
    }
  });
}

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2] ?? 0), handleProtocols: (offered) => (offered.has("mcp") ? "mcp" : false) });
server.on("connection", serve);
server.on("listening", () => console.log(`ws://127.0.0.1:${server.address().port}/`));
