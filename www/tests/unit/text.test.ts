import { describe, expect, test } from "vitest";
import { utf8Length } from "../../src/state/log";
import { expand, variables } from "../../src/schema/uri-template";
import { columns } from "../../src/ui/histogram";
import { bytes, dataUrl, duration } from "../../src/ui/format";

describe("URI templates (RFC 6570, section 3.2)", () => {
  const values = { var: "value", hello: "Hello World!", path: "/foo/bar", empty: "", x: "1024", y: "768" };
  test.each([
    ["{var}", "value"], ["{hello}", "Hello%20World%21"], ["{+hello}", "Hello%20World!"], ["{+path}/here", "/foo/bar/here"],
    ["X{#var}", "X#value"], ["map?{x,y}", "map?1024,768"], ["{x,hello,y}", "1024,Hello%20World%21,768"], ["X{.x,y}", "X.1024.768"],
    ["{/var,x}/here", "/value/1024/here"], ["{;x,y}", ";x=1024;y=768"], ["{?x,y}", "?x=1024&y=768"], ["?fixed=yes{&x}", "?fixed=yes&x=1024"],
    ["{var:3}", "val"], ["{undef}", ""], ["{?undef}", ""], ["no variables", "no variables"],
  ])("%s", (template, expected) => expect(expand(template, values)).toBe(expected));
  test("variables, each once", () => expect(variables("db://{host}/{+path}{?q,host*}")).toEqual(["host", "path", "q"]));
});

describe("what a peer calls base64 becomes a data: URL only if it is", () => {
  test.each([
    ["AAAA", "image/png", "data:image/png;base64,AAAA"],
    ["AA\nAA", "image/png", "data:image/png;base64,AAAA"],
    ["AAAA", "text/html", undefined],
    ["AAAA", "image/png,<script>", undefined],
    ['"><script>', "image/png", undefined],
    [5, "image/png", undefined],
    ["AAAA", undefined, undefined],
  ])("%j %j", (data, type, expected) => expect(dataUrl(data, type, "image")).toBe(expected));
});

test("sizes and times", () => {
  expect([0, 1023, 1024, 15_000, 5_000_000].map(bytes)).toEqual(["0 B", "1023 B", "1.0 kB", "15 kB", "4.8 MB"]);
  expect([0.25, 12.4, 1500, 12_345, 90_000].map(duration)).toEqual(["250 µs", "12 ms", "1.50 s", "12.3 s", "1 min 30 s"]);
});

test("the length in UTF-8", () => {
  for (const text of ["", "abc", "é", "€", "😀", "a😀é€"]) expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
});

test("a histogram shows what is there, with room beside it", () => {
  const buckets = Array.from({ length: 32 }, () => 0);
  expect(columns(buckets)).toEqual([]);
  buckets[10] = 3;
  buckets[12] = 1;
  const shown = columns(buckets);
  expect(shown.length).toBe(8);
  expect(shown.find((one) => one.below === 1.024)?.many).toBe(3);
  expect(shown.find((one) => one.below === 4.096)?.many).toBe(1);
  buckets[0] = buckets[31] = 1;
  expect(columns(buckets).length).toBe(32);
});
