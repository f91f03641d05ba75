// Opening and closing the connection, and what its events do to the state.
import { connect, type Client, type ClientEvent, type ConnectOptions } from "everywire";
import {
  address, announce, client, connectFailure, connecting, failureOf, link, log, questions, resetServer,
  resources, server, templates, toast, tools, prompts, view, watched, type Listing,
} from "./app";
import { carrierName } from "../ui/carrier";
import { remember } from "./prefs";
import { elicit, sample } from "./questions";
import { promptsIn, resourcesIn, serverIn, templatesIn, toolsIn } from "./shapes";
import type { Store } from "./store";
import { attemptsOf, type Attempt, type Target } from "./target";

let last: Target | undefined;
let current: Client | undefined;
/** Grows with every connection: events of an earlier one must not reach the state of a later one. */
let epoch = 0;

export async function open(target: Target): Promise<void> {
  connecting.value?.stop();
  close();
  const abort = new AbortController();
  const url = target.url.trim();
  last = { ...target, url };
  connectFailure.set(undefined);
  connecting.set({ url, stop: () => abort.abort() });
  log.link("connecting", shown(url));
  const mine = epoch;
  try {
    const opened = await dial(attemptsOf({ ...target, url }), {
      name: "everywire-inspector",
      title: "everywire inspector",
      version: "0.1.0",
      era: target.era,
      trace: true,
      signal: abort.signal,
      onElicit: elicit,
      onSample: sample,
      onEvent: (event) => mine === epoch && onEvent(event),
    });
    if (abort.signal.aborted) return opened.close();
    current = opened;
    resetServer();
    address.set(url);
    client.set(opened);
    server.set(serverIn(opened.server));
    if (link.value.state.status !== "connected") link.set({ state: opened.state, since: performance.now() });
    remember(url, nameOf(opened), carrierName(serverIn(opened.server)));
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

/** Connects to the first that can be connected to. */
async function dial([attempt, ...others]: readonly [Attempt, ...Attempt[]], options: ConnectOptions): Promise<Client> {
  try {
    return await connect(attempt.url, { ...options, ...attempt.options });
  } catch (error) {
    const [next, ...rest] = others;
    const { code } = failureOf(error);
    // What another way to the same server cannot change.
    if (!next || code === "cancelled" || code === "auth_required" || code === "config") throw error;
    log.link("trying another way", failureOf(error).message);
    return dial([next, ...rest], options);
  }
}

/** Ends the connection and goes back to the address form. */
export function close(): void {
  epoch++;
  const open = current;
  current = undefined;
  client.set(undefined);
  questions.set([]);
  open?.close();
}

/** Connects once more to the same place, in the same way. */
export function again(): void {
  if (last) void open(last);
}

export const lastTarget = (): Target | undefined => last;

/** Reconnects without waiting for the countdown. */
export function tryNow(): void {
  client.value?.wake();
}

function nameOf(of: Client): string | undefined {
  const { serverInfo } = serverIn(of.server);
  return serverInfo?.title ?? serverInfo?.name;
}

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
      if (state.status !== "connecting") log.link(state.status, "attempt" in state ? `attempt ${state.attempt}${state.reason ? ` · ${state.reason.message}` : ""}` : ("reason" in state && state.reason?.message) || "");
      if (state.status === "reconnecting" && before !== "reconnecting") announce("Connection lost. Reconnecting.");
      if (state.status === "connected" && before === "reconnecting") {
        announce("Connected again.");
        if (current) server.set(serverIn(current.server));
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
      return log.link("subscription ended", event.reason?.message ?? "");
    default:
      return; // `log` is in the event log as the frame that brought it.
  }
}

/** In the modern era changes are only told to those who ask. */
async function listen(to: Client): Promise<void> {
  const { era, capabilities } = serverIn(to.server);
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

export const loadTools = (): Promise<void> => load(tools, "tools", async (from) => toolsIn(await from.listToolsAll()));
export const loadPrompts = (): Promise<void> => load(prompts, "prompts", async (from) => promptsIn(await from.listPromptsAll()));
export const loadResources = async (): Promise<void> => {
  await Promise.all([
    load(resources, "resources", async (from) => resourcesIn(await from.listResourcesAll())),
    load(templates, "resources", async (from) => templatesIn(await from.listResourceTemplatesAll())),
  ]);
};

async function load<T>(store: Store<Listing<T>>, needs: "tools" | "resources" | "prompts", from: (client: Client) => Promise<T[]>): Promise<void> {
  const asked = current;
  if (!asked) return;
  if (!serverIn(asked.server).capabilities[needs]) return store.set({ status: "ready", items: [], error: undefined });
  store.update((listing) => ({ ...listing, status: "loading", error: undefined }));
  try {
    const items = await from(asked);
    if (asked === current) store.set({ status: "ready", items, error: undefined });
  } catch (error) {
    if (asked === current) store.update((listing) => ({ ...listing, status: "failed", error: failureOf(error) }));
  }
}
