// What a person has typed so far (a draft), and how it becomes a JSON value. Pure: no DOM, no state.
import { isObject, type Field, type ListField, type NumberField, type TextField } from "./model";

export interface ListDraft {
  /** A stable key per row, so that reordering moves the controls with their contents. */
  readonly rows: readonly { readonly key: number; readonly draft: Draft }[];
}
export interface ObjectDraft {
  readonly [name: string]: Draft;
}
/** Text, number and raw drafts are strings; a choice is an index as text, "" for none. */
export type Draft = string | boolean | undefined | readonly number[] | ListDraft | ObjectDraft;

/** Messages by path: `/items/0/sku`. */
export type Problems = ReadonlyMap<string, string>;

export interface Reading {
  /** `undefined` means: leave the property out. */
  readonly value: unknown;
  readonly problems: Problems;
}

let lastKey = 0;
export const nextKey = (): number => ++lastKey;

/** The draft that shows `value`, or the field's default, or nothing. */
export function draftOf(field: Field, value: unknown = field.fallback): Draft {
  switch (field.kind) {
    case "text":
      return typeof value === "string" ? (field.format === "date-time" ? toLocal(value) : value) : "";
    case "number":
      return typeof value === "number" ? String(value) : "";
    case "boolean":
      return typeof value === "boolean" ? value : undefined;
    case "choice": {
      const index = field.options.findIndex((option) => same(option.value, value));
      if (index >= 0) return String(index);
      return field.required && field.options.length === 1 ? "0" : "";
    }
    case "choices": {
      const values = Array.isArray(value) ? value : [];
      return field.options.flatMap((option, index) => (values.some((one) => same(option.value, one)) ? [index] : []));
    }
    case "list": {
      const values = Array.isArray(value) ? value : [];
      // At most a handful: a schema may ask for a million rows.
      const missing = field.required ? Math.max(0, Math.min(field.min ?? 0, 10) - values.length) : 0;
      const rows = [...values.map((one) => draftOf(field.item, one)), ...Array.from({ length: missing }, () => draftOf(field.item))];
      return { rows: rows.map((draft) => ({ key: nextKey(), draft })) };
    }
    case "object": {
      const given = isObject(value) ? value : {};
      return Object.fromEntries(
        field.fields.map((part) => [part.name, draftOf(part, Object.hasOwn(given, part.name) ? given[part.name] : part.fallback)]),
      );
    }
    case "raw":
      return value === undefined ? "" : JSON.stringify(value, null, 2);
  }
}

export function emptyRow(field: ListField): { key: number; draft: Draft } {
  return { key: nextKey(), draft: draftOf(field.item) };
}

/** Reads a draft. The value is only to be used when there are no problems. */
export function read(field: Field, draft: Draft): Reading {
  const problems = new Map<string, string>();
  return { value: visit(field, draft, "", problems), problems };
}

function visit(field: Field, draft: Draft, path: string, problems: Map<string, string>): unknown {
  const problem = (message: string): undefined => void problems.set(path, message);
  const missing = (): undefined => (field.required ? problem("Required.") : undefined);

  switch (field.kind) {
    case "text": {
      const text = typeof draft === "string" ? draft : "";
      if (text === "") return missing();
      const message = textProblem(field, text);
      if (message) return problem(message);
      return field.format === "date-time" ? new Date(text).toISOString() : text;
    }
    case "number": {
      const text = typeof draft === "string" ? draft.trim() : "";
      if (text === "") return missing();
      const message = numberProblem(field, text);
      return message ? problem(message) : Number(text);
    }
    case "boolean":
      // A required switch that nobody touched is off, as it looks.
      return typeof draft === "boolean" ? draft : field.required ? false : undefined;
    case "choice": {
      const option = draft === "" || draft === undefined ? undefined : field.options[Number(draft)];
      return option ? option.value : missing();
    }
    case "choices": {
      const picked = Array.isArray(draft) ? (draft as readonly number[]) : [];
      if (picked.length === 0 && !field.required) return undefined;
      if (picked.length < (field.min ?? 0)) return problem(`Choose at least ${field.min}.`);
      if (field.max !== undefined && picked.length > field.max) return problem(`Choose at most ${field.max}.`);
      return field.options.filter((_, index) => picked.includes(index)).map((option) => option.value);
    }
    case "list": {
      const rows = isList(draft) ? draft.rows : [];
      if (rows.length === 0 && !field.required) return undefined;
      const values = rows.map((row, index) => visit(field.item, row.draft, `${path}/${index}`, problems));
      if (rows.length < (field.min ?? 0)) return problem(`Add at least ${field.min}.`);
      if (field.max !== undefined && rows.length > field.max) return problem(`Keep at most ${field.max}.`);
      return values;
    }
    case "object": {
      const parts = isParts(draft) ? draft : {};
      if (!field.required && field.fields.every((part) => isBlank(part, parts[part.name]))) return undefined;
      const entries = field.fields.flatMap((part) => {
        const value = visit(part, parts[part.name], `${path}/${part.name}`, problems);
        return value === undefined ? [] : [[part.name, value] as const];
      });
      return Object.fromEntries(entries);
    }
    case "raw": {
      const text = typeof draft === "string" ? draft.trim() : "";
      if (text === "") return missing();
      const parsed = parse(text);
      return "message" in parsed ? problem(parsed.message) : parsed.value;
    }
  }
}

/** An optional object whose parts are all untouched is left out, even if parts of it are required. */
function isBlank(field: Field, draft: Draft): boolean {
  switch (field.kind) {
    case "boolean":
      return draft === undefined || draft === field.fallback;
    case "choices":
      return !Array.isArray(draft) || draft.length === 0;
    case "list":
      return !isList(draft) || draft.rows.every((row) => isBlank(field.item, row.draft));
    case "object":
      return !isParts(draft) || field.fields.every((part) => isBlank(part, draft[part.name]));
    default:
      return draft === undefined || draft === "" || draft === draftOf(field);
  }
}

function textProblem(field: TextField, text: string): string | undefined {
  // JSON Schema counts code points, not UTF-16 units.
  const length = [...text].length;
  if (field.minLength !== undefined && length < field.minLength) return `At least ${count(field.minLength, "character")}.`;
  if (field.maxLength !== undefined && length > field.maxLength) return `At most ${count(field.maxLength, "character")}.`;
  switch (field.format) {
    case "email":
      if (!/^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(text)) return "Not an email address, like name@example.com.";
      break;
    case "uri":
    case "url":
      if (!/^[a-z][a-z0-9+.-]*:\S+$/i.test(text) || !URL.canParse(text)) return "Not a full address, like https://example.com.";
      break;
    case "date":
      if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text))) return "Not a date, like 2026-07-28.";
      break;
    case "date-time":
      if (Number.isNaN(Date.parse(text))) return "Not a date and time.";
      break;
  }
  if (field.pattern !== undefined && !matches(field.pattern, text)) return `Does not match the pattern ${field.pattern}`;
  return undefined;
}

function matches(pattern: string, text: string): boolean {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, "u");
  } catch {
    return true; // A pattern that this browser cannot read is left to the server.
  }
  return expression.test(text);
}

function numberProblem(field: NumberField, text: string): string | undefined {
  const value = Number(text);
  if (!Number.isFinite(value)) return field.integer ? "Not a whole number." : "Not a number.";
  if (field.integer && !Number.isInteger(value)) return "Not a whole number.";
  if (field.min !== undefined && value < field.min) return `${field.min} or more.`;
  if (field.max !== undefined && value > field.max) return `${field.max} or less.`;
  if (field.exclusiveMin !== undefined && value <= field.exclusiveMin) return `More than ${field.exclusiveMin}.`;
  if (field.exclusiveMax !== undefined && value >= field.exclusiveMax) return `Less than ${field.exclusiveMax}.`;
  if (field.multipleOf !== undefined && Math.abs(value / field.multipleOf - Math.round(value / field.multipleOf)) > 1e-9) {
    return `A multiple of ${field.multipleOf}.`;
  }
  return undefined;
}

/** Parses JSON; the message names the place. */
export function parse(text: string): { value: unknown } | { message: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/^JSON\.parse: /, "") : String(error);
    return { message: `Not valid JSON: ${detail}` };
  }
}

/** `2026-07-28T12:00:00Z` in the form that a datetime-local control wants, in local time. */
function toLocal(text: string): string {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return "";
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

const count = (many: number, noun: string): string => `${many} ${noun}${many === 1 ? "" : "s"}`;

export const isList = (draft: Draft): draft is ListDraft =>
  typeof draft === "object" && !Array.isArray(draft) && Array.isArray((draft as ListDraft).rows);

export const isParts = (draft: Draft): draft is ObjectDraft => typeof draft === "object" && !Array.isArray(draft);

function same(left: unknown, right: unknown): boolean {
  return left === right || (typeof left === "object" && JSON.stringify(left) === JSON.stringify(right));
}
