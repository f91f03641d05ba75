// What a person can ask of the server.
import { client, failureOf, toast, watched } from "./app";
import { run } from "./runs";

export function callTool(name: string, args: Record<string, unknown>): void {
  void run(`tools/${name}`, args, (from, options) => from.callTool({ name, arguments: args }, options));
}

export function readResource(uri: string): void {
  void run(`resources/${uri}`, { uri }, (from, options) => from.readResource(uri, options));
}

export function renderPrompt(name: string, args: Record<string, string>): void {
  void run(`prompts/${name}`, args, (from, options) => from.getPrompt({ name, arguments: args }, options));
}

export async function watchResource(uri: string, on: boolean): Promise<void> {
  const open = client.value;
  if (!open) return;
  try {
    if (on) await open.subscribe(uri);
    else await open.unsubscribe(uri);
    watched.update((map) => {
      const next = new Map(map);
      if (on) next.set(uri, 0);
      else next.delete(uri);
      return next;
    });
  } catch (error) {
    toast(failureOf(error).message);
  }
}

export type Suggest = (argument: string, value: string, others: Record<string, string>) => Promise<readonly string[]>;

/** Suggestions for an argument of a prompt or template; none if the server gives none. */
export function suggester(ref: { type: "ref/prompt"; name: string } | { type: "ref/resource"; uri: string }): Suggest {
  return async (name, value, others) => {
    const open = client.value;
    if (!open?.server.capabilities.completions) return [];
    try {
      const { completion } = await open.complete({ ref, argument: { name, value }, context: { arguments: others } });
      return Array.isArray(completion?.values) ? completion.values.filter((one) => typeof one === "string").slice(0, 100) : [];
    } catch {
      return []; // Suggestions are a convenience: typing goes on without them.
    }
  };
}
