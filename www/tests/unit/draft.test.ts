import { describe, expect, test } from "vitest";
import { draftOf, read, type Draft, type ObjectDraft } from "../../src/schema/draft";
import { model, type ObjectField } from "../../src/schema/model";

const form = (properties: object, required: string[] = []) => model({ type: "object", properties, required }) as ObjectField;
/** What a form with one field reads from a draft: its value, or the message. */
function one(schema: object, draft: Draft, required = false): unknown {
  const field = form({ it: schema }, required ? ["it"] : []);
  const { value, problems } = read(field, { it: draft });
  return problems.size > 0 ? [...problems.values()].join("|") : (value as { it?: unknown }).it;
}

describe("values", () => {
  test("an untouched optional field is left out; a default is sent", () => {
    const field = form({ a: { type: "string" }, b: { type: "integer", default: 3 }, c: { type: "boolean" }, d: { enum: ["x", "y"] }, e: { type: "array", items: { type: "string" } } });
    expect(read(field, draftOf(field))).toEqual({ value: { b: 3 }, problems: new Map() });
  });
  test("a required switch that nobody touched is off", () => expect(one({ type: "boolean" }, undefined, true)).toBe(false));
  test("false and zero are values", () => {
    expect(one({ type: "boolean" }, false)).toBe(false);
    expect(one({ type: "number" }, "0")).toBe(0);
  });
  test("a choice gives the value, not its title", () => {
    expect(one({ oneOf: [{ const: 1, title: "One" }, { const: null, title: "None" }] }, "1")).toBe(null);
  });
  test("several choices keep the order of the schema", () => {
    expect(one({ type: "array", items: { enum: ["a", "b", "c"] } }, [2, 0])).toEqual(["a", "c"]);
  });
  test("JSON fields are parsed", () => {
    expect(one({}, ' {"a": [1]} ')).toEqual({ a: [1] });
    expect(one({}, "")).toBe(undefined);
    expect(one({}, "{")).toMatch(/^Not valid JSON: /);
  });
  test("an optional object is left out until something in it is filled, then it must be complete", () => {
    const field = form({ who: { type: "object", properties: { name: { type: "string" }, age: { type: "integer", default: 1 } }, required: ["name"] } });
    expect(read(field, draftOf(field))).toEqual({ value: {}, problems: new Map() });
    expect(read(field, { who: { name: "", age: "7" } }).problems).toEqual(new Map([["/who/name", "Required."]]));
    expect(read(field, { who: { name: "A", age: "7" } }).value).toEqual({ who: { name: "A", age: 7 } });
  });
  test("keys of a peer cannot reach the prototype", () => {
    const field = model(JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"}}}')) as ObjectField;
    const draft = { ...(draftOf(field) as ObjectDraft), ["__proto__"]: "p" };
    const { value } = read(field, draft);
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

describe("what was read can be shown again", () => {
  test.each([
    [{ type: "string" }, "text\nmore"],
    [{ type: "string", format: "date-time" }, "2026-07-28T10:11:12.000Z"],
    [{ type: "integer" }, -5],
    [{ type: "number" }, 1e-9],
    [{ type: "boolean" }, true],
    [{ enum: ["a", { b: 1 }] }, { b: 1 }],
    [{ type: "array", items: { enum: ["a", "b"] } }, ["b"]],
    [{ type: "array", items: { type: "array", items: { type: "number" } } }, [[1, 2], [3]]],
    [{ type: "object", properties: { x: { type: "object", properties: { y: { type: "string" } } } } }, { x: { y: "z" } }],
    [{}, [{ any: "thing" }]],
  ])("%j", (schema, value) => {
    const field = form({ it: schema });
    expect(read(field, draftOf(field, { it: value }))).toEqual({ value: { it: value }, problems: new Map() });
  });
});

describe("messages", () => {
  test.each([
    [{ type: "string" }, "", "Required."],
    [{ type: "string", minLength: 2 }, "a", "At least 2 characters."],
    [{ type: "string", maxLength: 1 }, "ab", "At most 1 character."],
    [{ type: "string", maxLength: 1 }, "😀", "😀"],
    [{ type: "string", pattern: "^a+$" }, "b", "Does not match the pattern ^a+$"],
    [{ type: "string", pattern: "(" }, "b", "b"],
    [{ type: "string", format: "email" }, "x@y", "Not an email address, like name@example.com."],
    [{ type: "string", format: "email" }, "x@y.org", "x@y.org"],
    [{ type: "string", format: "uri" }, "example.com", "Not a full address, like https://example.com."],
    [{ type: "string", format: "uri" }, "urn:isbn:1", "urn:isbn:1"],
    [{ type: "string", format: "date" }, "2026-13-01", "Not a date, like 2026-07-28."],
    [{ type: "integer" }, "1.5", "Not a whole number."],
    [{ type: "integer" }, "x", "Not a whole number."],
    [{ type: "number" }, "x", "Not a number."],
    [{ type: "number" }, "Infinity", "Not a number."],
    [{ type: "number", minimum: 0 }, "-1", "0 or more."],
    [{ type: "number", maximum: 5 }, "6", "5 or less."],
    [{ type: "number", exclusiveMinimum: 0 }, "0", "More than 0."],
    [{ type: "number", exclusiveMaximum: 5 }, "5", "Less than 5."],
    [{ type: "number", multipleOf: 0.1 }, "0.3", 0.3],
    [{ type: "number", multipleOf: 2 }, "3", "A multiple of 2."],
    [{ enum: ["a", "b"] }, "", "Required."],
    [{ type: "array", minItems: 2, items: { enum: ["a", "b", "c"] } }, [1], "Choose at least 2."],
    [{ type: "array", maxItems: 1, items: { enum: ["a", "b", "c"] } }, [0, 1], "Choose at most 1."],
  ])("%j %j", (schema, draft, expected) => expect(one(schema, draft as Draft, true)).toEqual(expected));

  test("name the place in lists", () => {
    const field = form({ list: { type: "array", minItems: 1, items: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] } } }, ["list"]);
    const draft = draftOf(field) as { list: { rows: unknown[] } };
    expect(draft.list.rows.length).toBe(1);
    expect(read(field, draft as unknown as Draft).problems).toEqual(new Map([["/list/0/n", "Required."]]));
    expect(read(field, { list: { rows: [] } }).problems).toEqual(new Map([["/list", "Add at least 1."]]));
  });
});
