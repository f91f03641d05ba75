// Opening and closing the connection, and what its events do to the state.
import { connect, type Client, type ClientEvent, type ElicitRequest, type ElicitResult, type InputContext } from "everywire";
import {
  address, announce, client, connectFailure, connecting, failureOf, link, log, newKey, questions, resetServer,
  resources, server, templates, toast, tools, prompts, view, watched, type Listing,
} from "./app";
import { remember, type Era } from "./prefs";
import type { Store } from "./store";

export interface Target {
  readonly url: string;
  readonly token: string;
  readonly era: Era;
}

let last: Target | undefined;
let current: Client | undefined;

export async function open(target: Target): Promise<void> {
  connecting.value?.stop();
  close();
  const abort = new AbortController();
  const url = target.url.trim();
  last = { ...target, url };
  connectFailure.set(undefined);
  connecting.set({ url, stop: () => abort.abort() });
  log.link("connecting", shown(url));
  // Events of an attempt that was given up must not reach the next one's state.
  let mine = true;
  abort.signal.addEventListener("abort", () => (mine = false));
  try {
    const opened = await connect(url, {
      name: "everywire-inspector",
      title: "everywire inspector",
      version: "0.1.0",
      ...(target.token && { token: target.token }),
      era: target.era,
      trace: true,
      signal: abort.signal,
      onElicit: ask,
      onEvent: (event) => mine && onEvent(event),
    });
    if (abort.signal.aborted) return opened.close();
    current = opened;
    resetServer();
    address.set(url);
    client.set(opened);
    server.set(opened.server);
    if (link.value.state.status !== "connected") link.set({ state: opened.state, since: performance.now() });
    remember(url, nameOf(opened));
    view.set("tools");
    announce(`Connected to ${nameOf(opened) ?? url}.`);
    loadAll();
    void listen(opened);
  } catch (error) {
    if (abort.signal.aborted) return;
    connectFailure.set(failureOf(error));
    log.link("failed", failureOf(error).message);
  } finally {
    if (!abort.signal.aborted) connecting.set(undefined);
    else if (connecting.value?.url === url) connecting.set(undefined);
  }
}

/** Ends the connection and goes back to the address form. */
export function close(): void {
  const open = current;
  current = undefined;
  client.set(undefined);
  questions.set([]);
  open?.close();
}

/** Connects once more to the same place, with the same token and era. */
export function again(): void {
  if (last) void open(last);
}

export const lastTarget = (): Target | undefined => last;

/** The page is told by the browser when the network is back; this says the same by hand. */
export function tryNow(): void {
  dispatchEvent(new Event("online"));
}

const nameOf = (of: Client): string | undefined => of.server.serverInfo?.title ?? of.server.serverInfo?.name;

/** An address without what may be secret in it. */
function shown(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//").replace(/\?.*$/, "?…");
}

function onEvent(event: ClientEvent): void {
  switch (event.type) {
    case "frame":
      return log.frame(event.direction, event.text);
    case "state": {
      const { state } = event;
      const before = link.value.state.status;
      link.set({ state, since: performance.now() });
      // Said with its address when it was begun.
      if (state.status !== "connecting") log.link(state.status, "attempt" in state ? `attempt ${state.attempt}${state.reason ? ` · ${state.reason}` : ""}` : ("reason" in state && state.reason) || "");
      if (state.status === "reconnecting" && before !== "reconnecting") announce("Connection lost. Reconnecting.");
      if (state.status === "connected" && before === "reconnecting") {
        announce("Connected again.");
        if (current) server.set(current.server);
      }
      return;
    }
    case "toolsChanged":
      return void loadTools();
    case "promptsChanged":
      return void loadPrompts();
    case "resourcesChanged":
      return void loadResources();
    case "resourceUpdated":
      return watched.update((map) => (map.has(event.uri) ? new Map(map).set(event.uri, (map.get(event.uri) ?? 0) + 1) : map));
    case "resynced":
      log.link("resynced", "Changes may have been missed: the lists are read again.");
      // What was watched may have changed meanwhile.
      watched.update((map) => new Map([...map].map(([uri, many]) => [uri, many + 1])));
      return loadAll();
    case "warning":
      log.link("warning", event.message);
      return toast(event.message);
    case "lagged":
      return log.link("lagged", `${event.missed} events were dropped, as the page was too slow.`);
    case "inputTimedOut":
      return log.link("question timed out", "No answer was given in time; the server was told so.");
    case "subscriptionEnded":
      return log.link("subscription ended", event.reason ?? "");
    default:
      return; // `log` is in the event log as the frame that brought it.
  }
}

/** One question of the server to the person in front of the page. */
function ask(request: ElicitRequest, context: InputContext): Promise<ElicitResult> {
  return new Promise((done) => {
    const key = newKey();
    const remove = (): void => questions.update((list) => list.filter((one) => one.key !== key));
    const answer = (result: ElicitResult): void => {
      remove();
      done(result);
    };
    context.signal.addEventListener("abort", () => {
      if (!questions.value.some((one) => one.key === key)) return;
      toast("The question is withdrawn: it was cancelled, or took too long.");
      answer({ action: "cancel" });
    });
    questions.update((list) => [...list, { key, server: context.server ?? server.value?.serverInfo, request, answer }]);
    announce("The server asks for input.");
  });
}

/** In the modern era changes are only told to those who ask. */
async function listen(to: Client): Promise<void> {
  const { era, capabilities } = to.server;
  if (era !== "modern") return;
  const filter = {
    ...(capabilities.tools?.listChanged && { toolsListChanged: true }),
    ...(capabilities.prompts?.listChanged && { promptsListChanged: true }),
    ...(capabilities.resources?.listChanged && { resourcesListChanged: true }),
  };
  if (Object.keys(filter).length === 0) return;
  try {
    await to.listen(filter);
  } catch (error) {
    if (to === current) log.link("no change notices", failureOf(error).message);
  }
}

function loadAll(): void {
  void loadTools();
  void loadResources();
  void loadPrompts();
}

export const loadTools = (): Promise<void> => load(tools, "tools", (from) => from.listToolsAll());
export const loadPrompts = (): Promise<void> => load(prompts, "prompts", (from) => from.listPromptsAll());
export const loadResources = async (): Promise<void> => {
  await Promise.all([
    load(resources, "resources", (from) => from.listResourcesAll()),
    load(templates, "resources", (from) => from.listResourceTemplatesAll()),
  ]);
};

async function load<T>(store: Store<Listing<T>>, needs: "tools" | "resources" | "prompts", from: (client: Client) => Promise<T[]>): Promise<void> {
  const asked = current;
  if (!asked) return;
  if (!asked.server.capabilities[needs]) return store.set({ status: "ready", items: [], error: undefined });
  store.update((listing) => ({ ...listing, status: "loading", error: undefined }));
  try {
    const items = await from(asked);
    if (asked === current) store.set({ status: "ready", items, error: undefined });
  } catch (error) {
    if (asked === current) store.update((listing) => ({ ...listing, status: "failed", error: failureOf(error) }));
  }
}
