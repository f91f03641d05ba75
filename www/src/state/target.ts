// Where to connect to and with what. Pure.
import type { Era } from "./prefs";

/** Whether two addresses lead to the same host and port, over whatever transport. */
export function sameServer(one: string, other: string): boolean {
  if (!URL.canParse(one) || !URL.canParse(other)) return false;
  const [a, b] = [new URL(one), new URL(other)];
  const port = ({ port, protocol }: URL): string => port || (/^(https|wss):$/.test(protocol) ? "443" : "80");
  return a.hostname === b.hostname && port(a) === port(b);
}

export interface Header {
  readonly name: string;
  readonly value: string;
}

export interface Target {
  readonly url: string;
  readonly token: string;
  readonly era: Era;
  /** Sent with every request; only over HTTP. */
  readonly headers: readonly Header[];
  /** At an HTTP address: try a WebSocket first. */
  readonly preferWebSocket: boolean;
}

export const plainTarget = (url: string, token: string, era: Era): Target => ({ url, token, era, headers: [], preferWebSocket: false });

/** What an address is for, by its scheme. */
export type Kind = "http" | "websocket" | "unknown";

export function kindOf(url: string): Kind {
  const scheme = /^\s*(https?|wss?):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return "unknown";
  return scheme.startsWith("http") ? "http" : "websocket";
}

/** A page cannot set these: the browser drops them without a word (Fetch, "forbidden request-header"). */
const FORBIDDEN = new Set([
  "accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method", "connection", "content-length",
  "cookie", "cookie2", "date", "dnt", "expect", "host", "keep-alive", "origin", "referer", "set-cookie", "te", "trailer",
  "transfer-encoding", "upgrade", "via",
]);
/** The client sets these itself. */
const OWN = new Set(["accept", "content-type", "last-event-id", "mcp-method", "mcp-name", "mcp-protocol-version", "mcp-session-id"]);

/** What is wrong with a header, in a sentence; nothing if it can be sent. */
export function problemOf({ name, value }: Header): string | undefined {
  const lower = name.trim().toLowerCase();
  if (lower === "") return value === "" ? undefined : "Give the header a name.";
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(lower)) return "A header's name has no spaces, colons or other signs.";
  if (FORBIDDEN.has(lower) || lower.startsWith("sec-") || lower.startsWith("proxy-")) return `A browser lets no page send ${name.trim()}.`;
  if (OWN.has(lower) || lower.startsWith("mcp-param-")) return `The client sends ${name.trim()} itself.`;
  // What fetch takes: Latin-1 without line ends.
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) return "The value holds a sign that no header may have.";
  return undefined;
}

/** Those that were filled in, as `connect` takes them. */
export function headersOf(headers: readonly Header[]): Record<string, string> {
  return Object.fromEntries(headers.flatMap(({ name, value }) => (name.trim() === "" ? [] : [[name.trim(), value.trim()]])));
}

export interface Attempt {
  readonly url: string;
  readonly options: { readonly token?: string; readonly headers?: Record<string, string> };
}

/** What to connect to, the one to be tried first at the front. A browser's WebSocket carries no headers. */
export function attemptsOf(target: Target): readonly [Attempt, ...Attempt[]] {
  const headers = headersOf(target.headers);
  const token = target.token ? { token: target.token } : {};
  const http = kindOf(target.url) === "http";
  const given: Attempt = { url: target.url, options: { ...token, ...(http && Object.keys(headers).length > 0 && { headers }) } };
  return http && target.preferWebSocket ? [{ url: target.url.replace(/^http/i, "ws"), options: token }, given] : [given];
}
