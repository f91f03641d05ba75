// The event log: every frame and every change of the link, bounded, told to the views once per drawn frame.
import { Store } from "./store";

/** `question` is a result that asks for input first (2026-07-28). */
export type Kind = "request" | "response" | "question" | "error" | "notification" | "log" | "link";

export interface Entry {
  readonly key: number;
  readonly time: number;
  readonly direction: "in" | "out" | "none";
  readonly kind: Kind;
  /** The method, or for an answer the method it answers. */
  readonly label: string;
  /** What it is about: the name of the tool, the address of the resource, how far a call is. */
  readonly about: string;
  readonly id: string | undefined;
  /** Bytes of UTF-8. */
  readonly size: number;
  /** From request to answer, milliseconds. */
  readonly took: number | undefined;
  readonly text: string;
}

const LIMIT = 1000;
/** Longer frames are shown as text, not parsed for the log. */
const PARSE_LIMIT = 512 * 1024;
/** All the text kept together, in UTF-16 units: a thousand large frames must not fill the memory. */
const TEXT_LIMIT = 16 * 1024 * 1024;

interface Waiting {
  readonly method: string;
  readonly about: string;
  readonly since: number;
}

export class Log {
  readonly entries = new Store<readonly Entry[]>([]);
  readonly paused = new Store(false);
  /** Entries that came while the log was paused, and were not kept. */
  readonly missed = new Store(0);

  #buffer: Entry[] = [];
  #text = 0;
  #lastKey = 0;
  #scheduled = false;
  readonly #waiting = new Map<string, Waiting>();

  frame(direction: "in" | "out", text: string): void {
    const time = Date.now();
    this.#add({ time, direction, text, size: utf8Length(text), ...this.#describe(direction, text, performance.now()) });
  }

  link(label: string, detail = ""): void {
    this.#add({ time: Date.now(), direction: "none", kind: "link", label, about: detail, id: undefined, size: 0, took: undefined, text: detail });
  }

  clear(): void {
    this.#buffer = [];
    this.#text = 0;
    this.missed.set(0);
    this.entries.set([]);
  }

  pause(on: boolean): void {
    this.paused.set(on);
    if (!on) this.missed.set(0);
  }

  #add(entry: Omit<Entry, "key">): void {
    if (this.paused.value) {
      this.missed.update((many) => many + 1);
      return;
    }
    this.#buffer.push({ ...entry, key: ++this.#lastKey });
    this.#text += entry.text.length;
    while (this.#buffer.length > LIMIT || (this.#text > TEXT_LIMIT && this.#buffer.length > 1)) {
      this.#text -= this.#buffer.shift()?.text.length ?? 0;
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.entries.set([...this.#buffer]);
    });
  }

  #describe(direction: "in" | "out", text: string, now: number): Pick<Entry, "kind" | "label" | "about" | "id" | "took"> {
    const head = readHead(text);
    const id = head.id === undefined ? undefined : JSON.stringify(head.id);
    if (head.method !== undefined) {
      if (id === undefined) {
        const kind = head.method === "notifications/message" ? "log" : "notification";
        return { kind, label: head.method, about: head.about, id, took: undefined };
      }
      // Requests that never get an answer must not gather for ever.
      if (this.#waiting.size >= LIMIT) this.#waiting.delete(this.#waiting.keys().next().value ?? "");
      this.#waiting.set(`${direction} ${id}`, { method: head.method, about: head.about, since: now });
      return { kind: "request", label: head.method, about: head.about, id, took: undefined };
    }
    const asked = `${direction === "in" ? "out" : "in"} ${id}`;
    const waiting = this.#waiting.get(asked);
    this.#waiting.delete(asked);
    return {
      kind: head.failed ? "error" : head.asks ? "question" : "response",
      label: waiting?.method ?? (head.known ? "unknown request" : "unreadable"),
      about: waiting?.about ?? "",
      id,
      took: waiting && now - waiting.since,
    };
  }
}

interface Head {
  readonly method: string | undefined;
  readonly about: string;
  readonly id: unknown;
  readonly failed: boolean;
  readonly asks: boolean;
  readonly known: boolean;
}

function readHead(text: string): Head {
  if (text.length <= PARSE_LIMIT) {
    try {
      const message = JSON.parse(text) as Record<string, unknown> | null;
      if (typeof message === "object" && message !== null) {
        return {
          method: typeof message.method === "string" ? message.method : undefined,
          about: subject(message.params),
          id: message.id,
          failed: "error" in message,
          asks: (message.result as { resultType?: unknown } | null | undefined)?.resultType === "input_required",
          known: "result" in message || "error" in message,
        };
      }
    } catch {
      // Shown as it is.
    }
    return { method: undefined, about: "", id: undefined, failed: false, asks: false, known: false };
  }
  // A large frame: what stands at its beginning is enough to name it.
  const start = text.slice(0, 400);
  const method = /^\{[^{}]*"method"\s*:\s*"([^"]+)"/.exec(start)?.[1];
  const id = /^\{[^{}]*"id"\s*:\s*("[^"]*"|\d+)/.exec(start)?.[1];
  return { method, about: "", id: id === undefined ? undefined : (JSON.parse(id) as unknown), failed: false, asks: false, known: true };
}

function subject(params: unknown): string {
  if (typeof params !== "object" || params === null) return "";
  const { name, uri, progress, total, level, data, message } = params as Record<string, unknown>;
  if (typeof name === "string") return name;
  if (typeof uri === "string") return uri;
  if (typeof progress === "number") return typeof total === "number" ? `${progress} of ${total}` : String(progress);
  if (typeof level === "string") return typeof data === "string" ? `${level}: ${data.slice(0, 200)}` : level;
  return typeof message === "string" ? message.slice(0, 200) : "";
}

export function utf8Length(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff)) length += 2;
    else if (unit > 0x7f) length += 1;
  }
  return length;
}
