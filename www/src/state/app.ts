// The state of the whole page: one place that every view reads.
import type {
  Client, ConnectionState, CreateMessageRequest, CreateMessageResult, ElicitRequest, ElicitResult, EverywireError, Implementation, Progress,
  Prompt, Resource, ResourceTemplate, ServerInfo, Tool,
} from "everywire";
import { diagnosisIn, stepIn, type Diagnosis, type Step } from "../doctor/diagnosis";
import { Log } from "./log";
import { Store } from "./store";

export type View = "tools" | "resources" | "prompts" | "server" | "log";

/** A list of the server: not asked yet, asked, or refused. */
export interface Listing<T> {
  readonly status: "idle" | "loading" | "ready" | "failed";
  readonly items: readonly T[];
  readonly error: Failure | undefined;
}
export const idle: Listing<never> = { status: "idle", items: [], error: undefined };

/** What went wrong, ready to be shown. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly rpcCode: number | undefined;
  readonly data: unknown;
  readonly maybeExecuted: boolean;
  /** Finds out why the browser got no answer, where it does not say. */
  readonly diagnose?: Diagnose;
}

export type Diagnose = (options: { signal: AbortSignal; onProgress: (step: Step) => void }) => Promise<Diagnosis>;

export type Outcome =
  | { readonly status: "running" }
  | { readonly status: "done"; readonly result: unknown }
  | { readonly status: "failed"; readonly failure: Failure }
  | { readonly status: "cancelled" };

/** One request that a person made: a tool call, a read, a prompt. */
export interface Run {
  readonly key: number;
  readonly input: unknown;
  readonly started: number;
  readonly ended: number | undefined;
  readonly progress: Progress | undefined;
  readonly outcome: Outcome;
  readonly cancel: () => void;
}

interface Asked {
  readonly key: number;
  readonly server: Implementation | undefined;
}
/** Asks the person for information, or to visit an address. */
export interface Elicitation extends Asked {
  readonly kind: "elicitation";
  readonly request: ElicitRequest;
  readonly answer: (result: ElicitResult) => void;
}
/** Asks for a model to be run: here the person speaks in its place. */
export interface Sampling extends Asked {
  readonly kind: "sampling";
  readonly request: CreateMessageRequest;
  readonly answer: (result: CreateMessageResult) => void;
  readonly refuse: () => void;
}
export type Question = Elicitation | Sampling;

export interface Link {
  readonly state: ConnectionState;
  /** `performance.now()` when it was told: `retryInMs` counts from there. */
  readonly since: number;
}

export interface Selection {
  readonly tools?: string;
  readonly resources?: string;
  readonly prompts?: string;
}

export const client = new Store<Client | undefined>(undefined);
export const address = new Store("");
export const link = new Store<Link>({ state: { status: "closed" }, since: 0 });
export const connecting = new Store<{ readonly url: string; readonly stop: () => void } | undefined>(undefined);
export const connectFailure = new Store<Failure | undefined>(undefined);
export const server = new Store<ServerInfo | undefined>(undefined);

export const tools = new Store<Listing<Tool>>(idle);
export const resources = new Store<Listing<Resource>>(idle);
export const templates = new Store<Listing<ResourceTemplate>>(idle);
export const prompts = new Store<Listing<Prompt>>(idle);

/** Runs by what was run (`tools/echo`), newest first. */
export const runs = new Store<ReadonlyMap<string, readonly Run[]>>(new Map());
/** Watched resources, with how often each has changed. */
export const watched = new Store<ReadonlyMap<string, number>>(new Map());
export const questions = new Store<readonly Question[]>([]);

export const view = new Store<View>("tools");
export const selection = new Store<Selection>({});
export const log = new Log();

/** Spoken by screen readers; the key makes the same sentence twice two events. */
export const announcement = new Store<{ readonly key: number; readonly text: string }>({ key: 0, text: "" });
/** Short notices at the edge of the page. */
export const toasts = new Store<readonly { readonly key: number; readonly text: string }[]>([]);

let lastKey = 0;
export const newKey = (): number => ++lastKey;

export function announce(text: string): void {
  announcement.set({ key: newKey(), text });
}

export function toast(text: string): void {
  const key = newKey();
  toasts.update((list) => [...list.slice(-2), { key, text }]);
  setTimeout(() => toasts.update((list) => list.filter((one) => one.key !== key)), 6000);
}

export function select(where: keyof Selection, name: string | undefined): void {
  selection.update(({ [where]: _, ...rest }) => (name === undefined ? rest : { ...rest, [where]: name }));
}

export function failureOf(error: unknown): Failure {
  const given = error as Partial<EverywireError> | undefined;
  return {
    code: typeof given?.code === "string" ? given.code : "unexpected",
    message: error instanceof Error ? error.message : String(error),
    rpcCode: given?.rpcCode,
    data: given?.data,
    maybeExecuted: given?.maybeExecuted === true,
    ...diagnosable(error),
  };
}

function diagnosable(error: unknown): Pick<Failure, "diagnose"> {
  const given = error as { diagnose?: (options: object) => unknown } | undefined;
  if (typeof given?.diagnose !== "function") return {};
  const diagnose: Diagnose = async ({ signal, onProgress }) => {
    const told = (step: unknown): void => {
      const read = stepIn(step);
      if (read) onProgress(read);
    };
    return diagnosisIn(await given.diagnose?.({ signal, onProgress: told }));
  };
  return { diagnose };
}

/** Forgets everything that belonged to one connection. The log stays. */
export function resetServer(): void {
  server.set(undefined);
  for (const listing of [tools, resources, templates, prompts]) listing.set(idle);
  runs.set(new Map());
  watched.set(new Map());
  questions.set([]);
  selection.set({});
}
