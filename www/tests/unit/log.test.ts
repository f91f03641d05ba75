import { beforeEach, describe, expect, test } from "vitest";
import { Log, type Entry } from "../../src/state/log";

// The log tells its views once per drawn frame; here each frame is drawn at once.
beforeEach(() => {
  globalThis.requestAnimationFrame = (draw) => {
    draw(0);
    return 0;
  };
});

const message = (body: object): string => JSON.stringify({ jsonrpc: "2.0", ...body });
const last = (log: Log): Entry => log.entries.value.at(-1)!;

describe("a frame is named by what it is", () => {
  test.each([
    ["out", { id: 1, method: "tools/call", params: { name: "echo" } }, { kind: "request", label: "tools/call", about: "echo", id: "1" }],
    ["in", { method: "notifications/progress", params: { progress: 2, total: 5 } }, { kind: "notification", label: "notifications/progress", about: "2 of 5" }],
    ["in", { method: "notifications/message", params: { level: "info", data: "hi" } }, { kind: "log", about: "info: hi" }],
    ["in", { id: 9, result: {} }, { kind: "response", label: "unknown request" }],
    ["in", { id: null, error: { code: -32700, message: "no" } }, { kind: "error", id: "null" }],
    ["in", [1, 2], { label: "unreadable" }],
  ] as const)("%s %j", (direction, body, expected) => {
    const log = new Log();
    log.frame(direction, Array.isArray(body) ? JSON.stringify(body) : message(body));
    expect(last(log)).toMatchObject(expected);
  });

  test("text that is no JSON is kept as it came", () => {
    const log = new Log();
    log.frame("in", "oops €");
    expect(last(log)).toMatchObject({ label: "unreadable", text: "oops €", size: 8 });
  });
});

describe("an answer is named by its request", () => {
  test("of the other direction and exactly the same id", () => {
    const log = new Log();
    log.frame("out", message({ id: 1, method: "tools/call", params: { name: "echo" } }));
    log.frame("in", message({ id: 1, method: "elicitation/create", params: { message: "Who?" } }));
    log.frame("in", message({ id: "1", result: {} }));
    expect(last(log)).toMatchObject({ label: "unknown request", took: undefined });
    log.frame("out", message({ id: 1, result: { action: "accept" } }));
    expect(last(log)).toMatchObject({ kind: "response", label: "elicitation/create", about: "Who?" });
    log.frame("in", message({ id: 1, result: { resultType: "input_required" } }));
    expect(last(log)).toMatchObject({ kind: "question", label: "tools/call", about: "echo" });
    expect(last(log).took).toBeGreaterThanOrEqual(0);
  });

  test("even if it is too large to be parsed for the log", () => {
    const log = new Log();
    log.frame("out", message({ id: 7, method: "resources/read", params: { uri: "a:b" } }));
    log.frame("in", `{"jsonrpc":"2.0","id":7,"result":{"text":"${"x".repeat(600_000)}"}}`);
    expect(last(log)).toMatchObject({ kind: "response", label: "resources/read", about: "a:b" });
  });
});

describe("bounds", () => {
  test("a thousand entries", () => {
    const log = new Log();
    for (let id = 0; id < 1500; id++) log.frame("out", message({ id, method: "ping" }));
    expect(log.entries.value.length).toBe(1000);
    expect(last(log).id).toBe("1499");
  });
  test("sixteen million characters", () => {
    const log = new Log();
    const large = "x".repeat(3_000_000);
    for (let index = 0; index < 10; index++) log.frame("in", large);
    expect(log.entries.value.length).toBe(5);
  });
});

test("a paused log counts what it does not keep, and cleared it is empty", () => {
  const log = new Log();
  log.frame("out", message({ id: 1, method: "ping" }));
  log.pause(true);
  log.frame("in", message({ id: 1, result: {} }));
  expect([log.entries.value.length, log.missed.value]).toEqual([1, 1]);
  log.pause(false);
  log.link("connected");
  expect([log.entries.value.length, log.missed.value]).toEqual([2, 0]);
  log.clear();
  expect(log.entries.value).toEqual([]);
});
