import { describe, expect, test } from "vitest";
import { humanize, model, type ChoiceField, type Field, type ObjectField, type TextField } from "../../src/schema/model";

const fields = (properties: object, more: object = {}): readonly Field[] =>
  (model({ type: "object", properties, ...more }) as ObjectField).fields;
const only = (schema: unknown, more: object = {}): Field => fields({ it: schema }, more)[0]!;

describe("which control a schema gets", () => {
  test.each([
    [{ type: "string" }, "text"],
    [{ type: "string", format: "email" }, "text"],
    [{ type: "integer", minimum: 1 }, "number"],
    [{ type: "number" }, "number"],
    [{ type: "boolean" }, "boolean"],
    [{ type: "string", enum: ["a", "b"] }, "choice"],
    [{ enum: [1, "two", null] }, "choice"],
    [{ type: "string", oneOf: [{ const: "a", title: "A" }] }, "choice"],
    [{ const: 4 }, "choice"],
    [{ type: "null" }, "choice"],
    [{ type: "array", items: { type: "string", enum: ["a", "b"] } }, "choices"],
    [{ type: "array", items: { anyOf: [{ const: "a" }, { const: "b" }] } }, "choices"],
    [{ type: "array", items: { type: "string" } }, "list"],
    [{ type: "array" }, "list"],
    [{ type: "object", properties: { a: {} } }, "object"],
    [{ properties: { a: {} } }, "object"],
    [{ type: ["string", "null"] }, "text"],
    [{ anyOf: [{ type: "integer" }, { type: "null" }] }, "number"],
    [{ allOf: [{ type: "string" }] }, "text"],
    [{ type: "object" }, "raw"],
    [{ type: "object", additionalProperties: { type: "string" } }, "raw"],
    [{ anyOf: [{ type: "string" }, { type: "number" }] }, "raw"],
    [{ type: ["string", "number"] }, "raw"],
    [{ type: "array", prefixItems: [{ type: "string" }] }, "raw"],
    [{}, "raw"],
    [true, "raw"],
    [null, "raw"],
    [{ type: "frob" }, "raw"],
  ])("%j is %s", (schema, kind) => expect(only(schema).kind).toBe(kind));

  test("titles, descriptions, required, defaults", () => {
    const [first, second] = fields({ firstName: { type: "string", description: "D" }, b: { title: "Bee", default: 2, type: "integer" } }, { required: ["b"] });
    expect(first).toMatchObject({ title: "First Name", description: "D", required: false, fallback: undefined });
    expect(second).toMatchObject({ title: "Bee", required: true, fallback: 2 });
  });

  test("titles of enum values: oneOf, enumNames, the value itself", () => {
    const titles = (schema: object) => (only(schema) as ChoiceField).options.map((one) => one.title);
    expect(titles({ oneOf: [{ const: "a", title: "A" }, { const: "b" }] })).toEqual(["A", "b"]);
    expect(titles({ enum: ["a", "b"], enumNames: ["Ay"] })).toEqual(["Ay", "b"]);
    expect(titles({ enum: [1, null] })).toEqual(["1", "null"]);
  });

  test("long texts get more room", () => {
    const lines = (name: string, schema: object) => (fields({ [name]: { type: "string", ...schema } })[0] as TextField).multiline;
    expect(lines("text", {})).toBe(true);
    expect(lines("name", {})).toBe(false);
    expect(lines("name", { maxLength: 500 })).toBe(true);
    expect(lines("text", { maxLength: 50 })).toBe(false);
    expect(lines("x", { contentMediaType: "text/markdown" })).toBe(true);
  });
});

describe("references", () => {
  const $defs = { name: { type: "string", minLength: 2 }, "a/b": { type: "boolean" }, tree: { type: "object", properties: { kids: { type: "array", items: { $ref: "#/$defs/tree" } } } } };
  test("are followed, and what stands beside them wins", () => {
    expect(only({ $ref: "#/$defs/name", title: "N" }, { $defs })).toMatchObject({ kind: "text", minLength: 2, title: "N" });
    expect(only({ $ref: "#/$defs/a~1b" }, { $defs })).toMatchObject({ kind: "boolean" });
  });
  test("that lead nowhere, or outside, are edited as JSON", () => {
    expect(only({ $ref: "#/$defs/none" }, { $defs })).toMatchObject({ kind: "raw", reason: "The reference #/$defs/none leads nowhere." });
    expect(only({ $ref: "https://example.com/schema" })).toMatchObject({ kind: "raw" });
    expect(only({ $ref: "#/constructor" })).toMatchObject({ kind: "raw" });
  });
  test("that go round end as JSON", () => {
    const tree = only({ $ref: "#/$defs/tree" }, { $defs }) as ObjectField;
    expect(tree.fields[0]).toMatchObject({ kind: "list", item: { kind: "raw", reason: "The schema contains itself." } });
    expect(only({ $ref: "#/$defs/x" }, { $defs: { x: { $ref: "#/$defs/x" } } })).toMatchObject({ kind: "raw" });
  });
});

describe("a hostile schema", () => {
  test("is bounded in depth", () => {
    let schema: object = { type: "string" };
    for (let depth = 0; depth < 5000; depth++) schema = { type: "object", properties: { deeper: schema } };
    let field = model(schema);
    let depth = 0;
    while (field.kind === "object") {
      field = field.fields[0]!;
      depth++;
    }
    expect(field.kind).toBe("raw");
    expect(depth).toBeLessThan(10);
  });
  test("is bounded in width", () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`p${index}`, { type: "string" }]));
    expect(fields(many).filter((field) => field.kind === "text").length).toBeLessThanOrEqual(400);
  });
  test("may be anything", () => {
    for (const odd of [undefined, null, 1, "x", [], { type: "object", properties: 3, required: "x" }, { type: "object", properties: { a: 1 } }]) expect(() => model(odd)).not.toThrow();
  });
});

test("names become words", () => {
  expect(["firstName", "first_name", "x", "", "API-key"].map(humanize)).toEqual(["First Name", "First name", "X", "", "API key"]);
});
