// Requests that a person makes: started, watched, cancelled, kept for a while.
import type { CallOptions, Client, Progress } from "everywire";
import { announce, client, failureOf, newKey, runs, type Outcome, type Run } from "./app";

/** Finished runs kept per tool, resource or prompt. */
const KEEP = 12;

/** Runs `request` under `name` (`tools/echo`) and keeps its outcome there. */
export async function run(name: string, input: unknown, request: (client: Client, options: CallOptions) => Promise<unknown>): Promise<void> {
  const open = client.value;
  if (!open) return;
  const abort = new AbortController();
  const key = newKey();
  const change = (part: Partial<Run>): void =>
    runs.update((all) => new Map(all).set(name, (all.get(name) ?? []).map((one) => (one.key === key ? { ...one, ...part } : one))));
  const started: Run = {
    key, input, started: performance.now(), ended: undefined, progress: undefined, outcome: { status: "running" }, cancel: () => abort.abort(),
  };
  runs.update((all) => new Map(all).set(name, [started, ...(all.get(name) ?? [])].slice(0, KEEP)));

  // Progress may come much faster than a screen is drawn.
  let newest: Progress | undefined;
  const onProgress = (progress: Progress): void => {
    if (newest === undefined) requestAnimationFrame(() => { change({ progress: newest }); newest = undefined; });
    newest = progress;
  };
  let outcome: Outcome;
  try {
    outcome = { status: "done", result: await request(open, { signal: abort.signal, onProgress }) };
    announce("The result is here.");
  } catch (error) {
    outcome = abort.signal.aborted ? { status: "cancelled" } : { status: "failed", failure: failureOf(error) };
    announce(outcome.status === "failed" ? `Failed: ${outcome.failure.message}` : "Cancelled.");
  }
  change({ outcome, ended: performance.now() });
}

export function forgetRuns(name: string): void {
  runs.update((all) => {
    const left = new Map(all);
    left.set(name, (left.get(name) ?? []).filter((one) => one.outcome.status === "running"));
    return left;
  });
}
