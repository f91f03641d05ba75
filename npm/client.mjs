import { EverywireError, config, diagnosable, fail, report } from "./error.mjs";
import { host } from "./host.mjs";
import { checkCall, checkConnect } from "./options.mjs";

const dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");
const asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
/** More pages than any honest list has. */
const MAX_PAGES = 10_000;
/** Only connect() makes clients. */
const MADE = Symbol();

const aborted = (signal) => fail("cancelled", "The signal was aborted.", signal.reason);

export class Client {
  #core;
  /** The promised stream of each subscribed resource. */
  #watched = new Map();
  /** What to do when a stream of notices ends, by its key. */
  #streams = new Map();
  #unhook;
  /** What is left to read after the core was freed. */
  #final = { state: { status: "connecting" } };

  constructor(made, core, attach) {
    if (made !== MADE) throw config("Clients are made by connect().");
    this.#core = core;
    attach(core, { closed: () => this.#closed(), ended: (key) => this.#streams.get(key)?.() });
    this.#unhook = hookPage(
      () => this.wake(),
      () => this.close(),
    );
  }

  get server() {
    return (this.#core ? this.#core.info() : undefined) ?? this.#final.server;
  }

  get state() {
    return this.#core ? this.#core.state() : this.#final.state;
  }

  metrics() {
    return this.#core ? this.#core.metrics() : this.#final.metrics;
  }

  // The hot path: one promise, nothing else, when no options are given.
  callTool(params, options) {
    return new Promise((resolve, reject) => {
      if (typeof params?.name != "string") throw config("callTool takes { name, arguments }, and name must be a text.");
      this.#send("tools/call", params, options, resolve, reject);
    });
  }

  request(method, params, options) {
    return new Promise((resolve, reject) => {
      if (typeof method != "string" || !method) throw config("request takes the name of a method first.");
      this.#send(method, params, options, resolve, reject);
    });
  }

  async callOnce(params, options) {
    if (typeof params?.name != "string") throw config("callOnce takes { name, arguments }, and name must be a text.");
    const { name, arguments: args } = params;
    return this.#round(args === undefined ? { name } : { name, arguments: args }, {}, options);
  }

  async resume(outcome, responses, options) {
    if (outcome?.status !== "input_required") throw config('resume takes an outcome whose status is "input_required".');
    for (const key in outcome.inputRequests)
      if (!responses?.[key]) throw config(`resume lacks an answer for "${key}".`);
    const { params, requestState } = outcome;
    const more = { inputResponses: responses };
    if (requestState !== undefined) more.requestState = requestState;
    return this.#round(params, more, options);
  }

  listTools(params, options) {
    return this.request("tools/list", params ?? undefined, options);
  }
  listToolsAll(options) {
    return this.#all("tools/list", "tools", options);
  }
  listResources(params, options) {
    return this.request("resources/list", params ?? undefined, options);
  }
  listResourcesAll(options) {
    return this.#all("resources/list", "resources", options);
  }
  listResourceTemplates(params, options) {
    return this.request("resources/templates/list", params ?? undefined, options);
  }
  listResourceTemplatesAll(options) {
    return this.#all("resources/templates/list", "resourceTemplates", options);
  }
  listPrompts(params, options) {
    return this.request("prompts/list", params ?? undefined, options);
  }
  listPromptsAll(options) {
    return this.#all("prompts/list", "prompts", options);
  }
  readResource(params, options) {
    return this.request("resources/read", typeof params == "string" ? { uri: params } : params, options);
  }
  getPrompt(params, options) {
    return this.request("prompts/get", params, options);
  }
  complete(params, options) {
    return this.request("completion/complete", params, options);
  }

  async subscribe(uri, options) {
    if (typeof uri != "string" || !uri) throw config("subscribe takes the URI of a resource.");
    let stream = this.#watched.get(uri);
    if (!stream) {
      stream = this.#listen({ resourceSubscriptions: [uri] }, options?.signal, () => this.#watched.delete(uri));
      this.#watched.set(uri, stream);
      stream.catch(() => this.#watched.delete(uri));
    }
    await stream;
  }

  async unsubscribe(uri) {
    const stream = this.#watched.get(uri);
    this.#watched.delete(uri);
    await stream?.then(
      (open) => open.close(),
      () => {},
    );
  }

  listen(filter, options) {
    return this.#listen(filter, options?.signal);
  }

  #listen(filter, signal, whenEnded) {
    return new Promise((resolve, reject) => {
      const core = this.#living();
      if (signal?.aborted) throw aborted(signal);
      let key;
      const ended = () => {
        signal?.removeEventListener("abort", close);
        this.#streams.delete(key);
        whenEnded?.();
      };
      const close = () => {
        ended();
        reject(signal?.aborted ? aborted(signal) : fail("closed", "The stream was closed."));
        this.#core?.unlisten(key);
      };
      signal?.addEventListener("abort", close);
      key = core.listen(
        filter,
        (acknowledged) => {
          // A subscription outlives the call that made it, and the signal of that call.
          if (whenEnded) signal?.removeEventListener("abort", close);
          resolve({ key, acknowledged, close, [dispose]: close });
        },
        (error) => {
          ended();
          reject(error);
        },
      );
      this.#streams.set(key, ended);
    });
  }

  setLogLevel(level) {
    return new Promise((resolve, reject) => this.#living().setLogLevel(String(level), resolve, reject));
  }

  async ping(options) {
    await this.request(this.server?.era === "legacy" ? "ping" : "server/discover", undefined, options);
  }

  wake() {
    this.#core?.wake();
  }

  close() {
    this.#core?.close();
    this.#closed();
  }

  async [asyncDispose]() {
    this.close();
  }

  /** The connection is closed for good. The core is freed once whatever runs inside it has ended. */
  #closed() {
    const core = this.#core;
    if (!core) return;
    this.#core = undefined;
    this.#unhook();
    this.#watched.clear();
    for (const ended of this.#streams.values()) ended();
    this.#final = { server: core.info(), state: core.state(), metrics: core.metrics() };
    setTimeout(() => core.free());
  }

  #living() {
    if (!this.#core) throw fail("closed", "The client is closed; connect again.");
    return this.#core;
  }

  #send(method, params, options, resolve, reject) {
    if (options === undefined) this.#living().request(method, params, undefined, resolve, reject);
    else this.#sendWith(method, params, options, false, resolve, reject);
  }

  #sendWith(method, params, options, manual, resolve, reject) {
    checkCall(options);
    const core = this.#living();
    const { signal, onProgress, timeout, totalTimeout, idempotent, meta, fresh } = options;
    const progress =
      onProgress &&
      ((step) => {
        try {
          onProgress(step);
        } catch (error) {
          report(error);
        }
      });
    const wanted = { timeout, totalTimeout, idempotent, meta, manual, fresh };
    if (!signal) return void core.request(method, params, wanted, resolve, reject, progress);
    if (signal.aborted) throw aborted(signal);
    let key;
    const abort = () => {
      reject(aborted(signal));
      if (key !== undefined) this.#core?.cancel(key);
    };
    const settled = (settle) => (value) => {
      signal.removeEventListener("abort", abort);
      settle(value);
    };
    signal.addEventListener("abort", abort, { once: true });
    key = core.request(method, params, wanted, settled(resolve), settled(reject), progress);
    if (signal.aborted) this.#core?.cancel(key);
  }

  async #round(params, more, options = {}) {
    const result = await new Promise((resolve, reject) =>
      this.#sendWith("tools/call", { ...params, ...more }, options, true, resolve, reject),
    );
    if (result.resultType !== "input_required") return { status: "complete", result };
    const outcome = { status: "input_required", params, inputRequests: result.inputRequests ?? {} };
    if (result.requestState !== undefined) outcome.requestState = result.requestState;
    return outcome;
  }

  async #all(method, field, options) {
    const items = [];
    const seen = new Set();
    for (let cursor; ; ) {
      const page = await this.request(method, cursor === undefined ? undefined : { cursor }, options);
      if (!Array.isArray(page?.[field])) throw fail("decode", `The answer to ${method} has no list "${field}".`);
      for (const item of page[field]) items.push(item);
      cursor = page.nextCursor;
      if (typeof cursor != "string") return items;
      if (seen.has(cursor) || seen.size >= MAX_PAGES)
        throw fail("protocol", `The server's ${method} never ends: it repeats itself after ${seen.size + 1} pages.`);
      seen.add(cursor);
    }
  }
}

/**
 * The moments at which a page should not trust a silent connection (online again, shown again, back from the cache), and
 * the one at which it goes for good: then the server is told, while that is possible. A page that goes into the cache comes back.
 */
function hookPage(wake, close) {
  const page = globalThis.document;
  if (typeof globalThis.addEventListener != "function") return () => {};
  let hidden = 0;
  const hooks = {
    online: wake,
    pageshow: (event) => event.persisted && wake(),
    pagehide: (event) => event.persisted || close(),
  };
  const shown = () => {
    if (page.visibilityState == "hidden") hidden = Date.now();
    else if (Date.now() - hidden > 30_000) wake();
  };
  for (const type in hooks) globalThis.addEventListener(type, hooks[type]);
  page?.addEventListener("visibilitychange", shown);
  return () => {
    for (const type in hooks) globalThis.removeEventListener(type, hooks[type]);
    page?.removeEventListener("visibilitychange", shown);
  };
}

/**
 * Makes connect() for one runtime.
 * @param load gives the class Core of the compiled module; the first call compiles it.
 */
export function connectWith(load) {
  return async function connect(url, options = {}) {
    const { address, core: wanted } = checkConnect(url, options);
    const { signal } = options;
    if (signal?.aborted) throw aborted(signal);
    let Core;
    try {
      Core = await load(options.wasm);
    } catch (error) {
      throw fail("config", `The WebAssembly module could not be loaded (${error?.message}); give its address, its bytes or the module as wasm.`, error);
    }
    if (signal?.aborted) throw aborted(signal);
    let client;
    const { hooks, attach } = host(options, diagnosable(address, options, () => client?.server));
    const core = new Core(address, wanted, hooks);
    client = new Client(MADE, core, attach);
    let abort;
    try {
      await new Promise((resolve, reject) => {
        abort = () => reject(aborted(signal));
        signal?.addEventListener("abort", abort);
        core.open(resolve, reject);
      });
    } catch (error) {
      client.close();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    return client;
  };
}

export { EverywireError };
