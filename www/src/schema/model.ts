// From a JSON Schema to a tree of form fields. Pure: no DOM, no state.
// What a form cannot show becomes a `raw` field, with the reason, never an error.

export type Schema = Readonly<Record<string, unknown>>;

interface Common {
  /** Property name, or "" for the root and for list items. */
  readonly name: string;
  readonly title: string;
  readonly description: string | undefined;
  readonly required: boolean;
  readonly fallback: unknown;
}

export interface Option {
  readonly value: unknown;
  readonly title: string;
}

export interface TextField extends Common {
  readonly kind: "text";
  readonly format: string | undefined;
  readonly multiline: boolean;
  readonly minLength: number | undefined;
  readonly maxLength: number | undefined;
  readonly pattern: string | undefined;
}
export interface NumberField extends Common {
  readonly kind: "number";
  readonly integer: boolean;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly exclusiveMin: number | undefined;
  readonly exclusiveMax: number | undefined;
  readonly multipleOf: number | undefined;
}
export interface BooleanField extends Common {
  readonly kind: "boolean";
}
export interface ChoiceField extends Common {
  readonly kind: "choice";
  readonly options: readonly Option[];
}
export interface ChoicesField extends Common {
  readonly kind: "choices";
  readonly options: readonly Option[];
  readonly min: number | undefined;
  readonly max: number | undefined;
}
export interface ListField extends Common {
  readonly kind: "list";
  readonly item: Field;
  readonly min: number | undefined;
  readonly max: number | undefined;
}
export interface ObjectField extends Common {
  readonly kind: "object";
  readonly fields: readonly Field[];
}
export interface RawField extends Common {
  readonly kind: "raw";
  /** Why there is no form for it. */
  readonly reason: string;
}
export type Field =
  | TextField | NumberField | BooleanField | ChoiceField | ChoicesField | ListField | ObjectField | RawField;

/** Deeper nesting than this is edited as JSON. */
const MAX_DEPTH = 6;
/** More fields than this in one form are edited as JSON: a peer must not be able to freeze the page. */
const MAX_FIELDS = 400;

interface Scope {
  readonly root: Schema;
  readonly depth: number;
  /** References on the way down, to notice a schema that contains itself. */
  readonly seen: readonly string[];
  readonly budget: { left: number };
}

/** The field tree of a whole argument object. */
export function model(schema: unknown, title = "Arguments"): Field {
  const root = isObject(schema) ? schema : {};
  const scope = { root, depth: 0, seen: [], budget: { left: MAX_FIELDS } };
  return field(root, { name: "", title, required: true }, scope);
}

interface Place {
  readonly name: string;
  readonly title?: string;
  readonly required: boolean;
}

function field(given: unknown, place: Place, scope: Scope): Field {
  const resolved = resolve(given, scope);
  const schema = resolved.schema;
  const common: Common = {
    name: place.name,
    title: place.title ?? string(schema.title) ?? humanize(place.name),
    description: string(schema.description),
    required: place.required,
    fallback: schema.default ?? schema.const,
  };
  const raw = (reason: string): RawField => ({ ...common, kind: "raw", reason });
  if (resolved.problem) return raw(resolved.problem);
  if (--scope.budget.left < 0) return raw("This form has too many fields.");

  const options = optionsOf(schema);
  if (options) return { ...common, kind: "choice", options };

  switch (typeOf(schema)) {
    case "string":
      return text(schema, common);
    case "integer":
    case "number":
      return {
        ...common,
        kind: "number",
        integer: typeOf(schema) === "integer",
        min: number(schema.minimum),
        max: number(schema.maximum),
        exclusiveMin: number(schema.exclusiveMinimum),
        exclusiveMax: number(schema.exclusiveMaximum),
        multipleOf: number(schema.multipleOf),
      };
    case "boolean":
      return { ...common, kind: "boolean" };
    case "array":
      return array(schema, common, resolved.scope, raw);
    case "object":
      return object(schema, common, resolved.scope, raw);
    case "null":
      return { ...common, kind: "choice", options: [{ value: null, title: "null" }] };
    default:
      return raw(schema.anyOf || schema.oneOf ? "Several shapes are possible." : "The schema gives no type.");
  }
}

function text(schema: Schema, common: Common): TextField {
  const format = string(schema.format);
  const maxLength = number(schema.maxLength);
  const media = string(schema.contentMediaType);
  const long = /^(text|body|content|message|prompt|code|query|sql|script|markdown|html|note|notes|comment|input)$/i;
  return {
    ...common,
    kind: "text",
    format,
    multiline:
      format === "multiline" || format === "textarea" || (media?.startsWith("text/") ?? false) ||
      (format === undefined && schema.pattern === undefined &&
        (maxLength === undefined ? long.test(common.name) : maxLength > 160)),
    minLength: number(schema.minLength),
    maxLength,
    pattern: string(schema.pattern),
  };
}

function array(schema: Schema, common: Common, scope: Scope, raw: (reason: string) => RawField): Field {
  if (Array.isArray(schema.prefixItems) || Array.isArray(schema.items)) return raw("A list with a shape per position.");
  const limits = { min: number(schema.minItems), max: number(schema.maxItems) };
  const items = resolve(schema.items ?? {}, scope);
  const options = items.problem ? undefined : optionsOf(items.schema);
  // Without `uniqueItems` a list of enum values may repeat one; elicitation's multi-select never says it.
  if (options && options.length > 1) return { ...common, ...limits, kind: "choices", options };
  if (scope.depth >= MAX_DEPTH) return raw("Nested too deeply for a form.");
  const item = field(schema.items ?? {}, { name: "", title: "Item", required: true }, down(scope));
  return { ...common, ...limits, kind: "list", item };
}

function object(schema: Schema, common: Common, scope: Scope, raw: (reason: string) => RawField): Field {
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  if (properties.length === 0 && scope.depth > 0) return raw("An object with free keys.");
  if (properties.length === 0 && (isObject(schema.additionalProperties) || schema.anyOf || schema.oneOf)) {
    return raw("An object with free keys.");
  }
  if (scope.depth >= MAX_DEPTH) return raw("Nested too deeply for a form.");
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const fields = properties.map(([name, part]) => field(part, { name, required: required.has(name) }, down(scope)));
  return { ...common, kind: "object", fields };
}

function down(scope: Scope): Scope {
  return { ...scope, depth: scope.depth + 1 };
}

interface Resolved {
  readonly schema: Schema;
  readonly scope: Scope;
  readonly problem?: string;
}

/** Follows local references, and takes the one meaningful branch of `anyOf [X, null]` and of a single `allOf`. */
function resolve(given: unknown, scope: Scope): Resolved {
  let schema: Schema = isObject(given) ? given : {};
  let seen = scope.seen;
  for (;;) {
    const reference = string(schema.$ref);
    if (reference !== undefined) {
      if (seen.includes(reference)) return { schema, scope, problem: "The schema contains itself." };
      seen = [...seen, reference];
      const target = lookup(scope.root, reference);
      if (!target) return { schema, scope, problem: `The reference ${reference} leads nowhere.` };
      const { $ref: _, ...beside } = schema;
      schema = { ...target, ...beside };
      continue;
    }
    const inner = single(schema);
    if (!inner) return { schema, scope: { ...scope, seen } };
    schema = inner;
  }
}

function single(schema: Schema): Schema | undefined {
  for (const key of ["anyOf", "oneOf"] as const) {
    const list = schema[key];
    if (!Array.isArray(list) || schema.type !== undefined) continue;
    const rest = list.filter((part) => !(isObject(part) && part.type === "null"));
    const only: unknown = rest[0];
    if (rest.length !== 1 || !isObject(only) || "const" in only) continue;
    const { [key]: _, ...beside } = schema;
    return { ...only, ...beside };
  }
  const all = schema.allOf;
  if (Array.isArray(all) && all.length === 1 && isObject(all[0])) {
    const { allOf: _, ...beside } = schema;
    return { ...all[0], ...beside };
  }
  return undefined;
}

/** A JSON pointer inside the same document: `#/$defs/person`. */
function lookup(root: Schema, reference: string): Schema | undefined {
  if (!reference.startsWith("#")) return undefined;
  let at: unknown = root;
  for (const part of reference.slice(1).split("/").slice(1)) {
    let key = part;
    try {
      key = decodeURIComponent(part);
    } catch {
      // Not percent-encoded: taken as it stands.
    }
    key = key.replaceAll("~1", "/").replaceAll("~0", "~");
    if (!isObject(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return isObject(at) ? at : undefined;
}

function optionsOf(schema: Schema): Option[] | undefined {
  if (Array.isArray(schema.enum)) {
    const names = Array.isArray(schema.enumNames) ? schema.enumNames : [];
    return schema.enum.map((value, index) => ({ value, title: string(names[index]) ?? label(value) }));
  }
  for (const list of [schema.oneOf, schema.anyOf]) {
    if (!Array.isArray(list) || list.length === 0) continue;
    if (!list.every((part) => isObject(part) && "const" in part)) continue;
    return list.map((part: Schema) => ({ value: part.const, title: string(part.title) ?? label(part.const) }));
  }
  return "const" in schema ? [{ value: schema.const, title: label(schema.const) }] : undefined;
}

function typeOf(schema: Schema): string | undefined {
  const type = schema.type;
  if (Array.isArray(type)) {
    const rest = type.filter((one) => one !== "null");
    return rest.length === 1 ? string(rest[0]) : undefined;
  }
  if (typeof type === "string") return type;
  return isObject(schema.properties) ? "object" : undefined;
}

/** `firstName`, `first_name` → "First name". */
export function humanize(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/[_-]+/g, " ").trim();
  return words ? words[0]!.toUpperCase() + words.slice(1) : name;
}

function label(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function string(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
