// What was typed into the form of each tool, so that going elsewhere and back loses nothing.
import { Store } from "./store";
import { draftOf, parse, read, type Draft } from "../schema/draft";
import type { Field } from "../schema/model";

export interface ToolForm {
  readonly mode: "form" | "raw";
  readonly draft: Draft;
  readonly raw: string;
}

export const toolForms = new Store<ReadonlyMap<string, ToolForm>>(new Map());

export function formOf(all: ReadonlyMap<string, ToolForm>, name: string, field: Field): ToolForm {
  return all.get(name) ?? freshForm(field);
}

export function freshForm(field: Field): ToolForm {
  return { mode: field.kind === "object" ? "form" : "raw", draft: draftOf(field), raw: "{}" };
}

export function changeForm(name: string, form: ToolForm): void {
  toolForms.update((all) => new Map(all).set(name, form));
}

/** The other way of editing, with what was typed so far. */
export function switchMode(form: ToolForm, field: Field): { form: ToolForm; lost: boolean } | { problem: string } {
  if (form.mode === "form") {
    const value = read(field, form.draft).value ?? {};
    return { form: { ...form, mode: "raw", raw: JSON.stringify(value, null, 2) }, lost: false };
  }
  const parsed = parse(form.raw.trim() || "{}");
  if ("message" in parsed) return { problem: parsed.message };
  const draft = draftOf(field, parsed.value);
  const lost = JSON.stringify(sorted(read(field, draft).value ?? {})) !== JSON.stringify(sorted(parsed.value));
  return { form: { ...form, mode: "form", draft }, lost };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]));
}
