// What the browser remembers, and what the address says. Tokens are never stored.
import { Store } from "./store";

export type Theme = "system" | "light" | "dark";
export type Era = "auto" | "modern" | "legacy";
export interface Recent {
  readonly url: string;
  readonly name?: string;
  /** What carried it, in words. */
  readonly carrier?: string;
}

const MAX_RECENT = 6;

function load<T>(key: string, fallback: T, check: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(`everywire.${key}`) ?? "null");
    return check(value) ? value : fallback;
  } catch {
    return fallback; // Storage is switched off, or holds something else.
  }
}

function save(key: string, value: unknown): void {
  try {
    localStorage.setItem(`everywire.${key}`, JSON.stringify(value));
  } catch {
    // Storage is switched off or full: nothing is remembered.
  }
}

const isTheme = (value: unknown): value is Theme => value === "system" || value === "light" || value === "dark";
const isEra = (value: unknown): value is Era => value === "auto" || value === "modern" || value === "legacy";
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";
const isRecents = (value: unknown): value is Recent[] =>
  Array.isArray(value) && value.every((one) => typeof one?.url === "string" && [one.name, one.carrier].every((text) => text === undefined || typeof text === "string"));

export const theme = new Store<Theme>(load("theme", "system", isTheme));
export const era = new Store<Era>(load("era", "auto", isEra));
export const recents = new Store<readonly Recent[]>(load("recents", [], isRecents));
export const logOpen = new Store<boolean>(load("log", true, isFlag));

era.watch(() => save("era", era.value));
logOpen.watch(() => save("log", logOpen.value));
recents.watch(() => save("recents", recents.value));
theme.watch(() => {
  save("theme", theme.value);
  applyTheme();
});

export function applyTheme(): void {
  const root = document.documentElement;
  if (theme.value === "system") delete root.dataset.theme;
  else root.dataset.theme = theme.value;
}

export function isDark(): boolean {
  return theme.value === "dark" || (theme.value === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
}

export function remember(url: string, name: string | undefined, carrier: string): void {
  // Credentials and queries (which may be tickets) stay out of storage, and so do tokens and headers.
  const safe = withoutSecrets(url);
  const entry: Recent = { url: safe, carrier, ...(name !== undefined && { name }) };
  recents.update((list) => [entry, ...list.filter((one) => one.url !== safe)].slice(0, MAX_RECENT));
}

export function forget(url: string): void {
  recents.update((list) => list.filter((one) => one.url !== url));
}

function withoutSecrets(url: string): string {
  try {
    const parsed = new URL(url);
    parsed.username = parsed.password = parsed.search = parsed.hash = "";
    return parsed.href;
  } catch {
    return url;
  }
}

/** The addresses that the link to this page names. */
export const offered = new Store<readonly string[]>([]);

/** What the bridge that serves this page leads to, in its own words. */
export const bridged = new Store<string | undefined>(undefined);

/** What the link to this page asks for. A token that is empty was there once, and is gone after a reload. */
export interface Asked {
  readonly url?: string;
  readonly token?: string;
}

/** `#url=…&url=…&token=…&bridge=…`: read once; the token leaves the address bar and the history at once. The first address is the one to connect to. */
export function takeFragment(): Asked {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const [url] = fragment.getAll("url");
  offered.set([...new Set(fragment.getAll("url"))].slice(0, MAX_RECENT));
  bridged.set(fragment.get("bridge")?.slice(0, 80) || undefined);
  const token = fragment.get("token") ?? undefined;
  if (token) {
    fragment.set("token", "");
    history.replaceState(history.state, "", `${location.pathname}${location.search}#${fragment}`);
  }
  return { ...(url !== undefined && { url }), ...(token !== undefined && { token }) };
}
