// What the mock server says, whatever carries it: written against the specification only, sharing no code with this project.
import { setTimeout } from "node:timers/promises";
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

const serverInfo = { name: "mock-server", title: "Mock server", version: "1.4.0" };
const capabilities = { tools: { listChanged: true }, resources: { subscribe: true, listChanged: true }, prompts: {}, logging: {}, completions: {} };
const instructions = "Try `book` for an elicitation, `slow` for progress and `gallery` for every kind of content.";

function read(uri) {
  if (uri === "demo://clock") return { uri, mimeType: "application/json", text: JSON.stringify({ now: new Date().toISOString() }) };
  const name = /^demo:\/\/notes\/(\w+)$/.exec(uri)?.[1];
  if (name) return { uri, mimeType: "text/plain", text: `This is the note called ${name}.\nIt has two lines.` };
  throw Object.assign(new Error("Resource not found"), { code: -32002, data: { uri } });
}

/** What both eras answer alike. */
export const shared = {
  "tools/list": () => ({ tools: odd ? [...hostile.tools, ...tools] : tools }),
  "resources/list": () => ({ resources: odd ? [...hostile.resources, ...resources] : resources }),
  "resources/templates/list": () => ({ resourceTemplates: templates }),
  "resources/read": ({ uri }) => ({ contents: [read(uri)] }),
  "prompts/list": () => ({ prompts: odd ? [...hostile.prompts, ...prompts] : prompts }),
  "prompts/get": ({ arguments: args = {} }) => ({
    description: "A review request",
    messages: [
      { role: "user", content: { type: "text", text: `Review this ${args.language} code. Focus: ${args.focus || "everything"}.` } },
      { role: "assistant", content: { type: "text", text: "Show me the code." } },
    ],
  }),
  "completion/complete": ({ argument }) => ({ completion: { values: languages.filter((l) => l.startsWith(argument.value)) } }),
};

export const runTool = (params, context) => (odd && hostile.results[params.name]) || call(params.name, params.arguments ?? {}, context);

export const toolContext = (signal, token, send) => ({
  sleep: (ms) => setTimeout(ms, undefined, { signal }),
  progress: (value) => token !== undefined && send({ method: "notifications/progress", params: { progressToken: token, ...value } }),
  log: (level, data) => send({ method: "notifications/message", params: { level, logger: "mock", data } }),
});

export const failed = (error) => ({ code: error.code ?? -32603, message: error.message, data: error.data });
export const unknown = (method) => Object.assign(new Error(`Method not found: ${method}`), { code: -32601 });

/** The 2026-07-28 answer to one request; nothing is kept between two. */
export async function modern({ method, params = {} }, signal, send) {
  if (method === "server/discover") {
    return {
      resultType: "complete", supportedVersions: ["2026-07-28"], capabilities: { ...capabilities, tools: {}, resources: {} }, instructions,
      ttlMs: 60_000, cacheScope: "public", _meta: { "io.modelcontextprotocol/serverInfo": serverInfo },
    };
  }
  if (method === "tools/call") return { resultType: "complete", ...(await runTool(params, toolContext(signal, params._meta?.progressToken, send))) };
  if (!shared[method]) throw unknown(method);
  return { resultType: "complete", ttlMs: 0, cacheScope: "public", ...shared[method](params) };
}

/** A session of the legacy era. `notify` sends what belongs to no request. */
export function session(notify, protocolVersion = "2025-11-25") {
  const running = new Map();
  const asked = new Map();
  const clocks = new Map();
  let ids = 0;

  const methods = {
    ...shared,
    initialize: () => ({ protocolVersion, capabilities, serverInfo, instructions }),
    ping: () => ({}),
    "logging/setLevel": () => ({}),
    "resources/subscribe": ({ uri }) => {
      clocks.set(uri, setInterval(() => notify({ method: "notifications/resources/updated", params: { uri } }), 1000));
      return {};
    },
    "resources/unsubscribe": ({ uri }) => (clearInterval(clocks.get(uri)), {}),
    "tools/call": (params, signal, send) => {
      const ask = (method, params) => new Promise((done, stop) => {
        const id = `ask-${++ids}`;
        asked.set(id, { done, stop });
        send({ id, method, params });
      });
      return runTool(params, {
        ...toolContext(signal, params._meta?.progressToken, send),
        elicit: (params) => ask("elicitation/create", params),
        sample: (params) => ask("sampling/createMessage", params),
      });
    },
  };

  return {
    /** Takes one message; what it leads to goes to `send`, which is done with when the promise is. */
    async receive(message, send) {
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
        if (!method) throw unknown(message.method);
        const result = await method(message.params ?? {}, abort.signal, send);
        if (!abort.signal.aborted) send({ id: message.id, result });
      } catch (error) {
        if (!abort.signal.aborted) send({ id: message.id, error: failed(error) });
      } finally {
        running.delete(message.id);
      }
    },
    close() {
      for (const clock of clocks.values()) clearInterval(clock);
      for (const abort of running.values()) abort.abort();
    },
  };
}
