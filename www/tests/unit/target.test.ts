import { describe, expect, test } from "vitest";
import { headersOf, kindOf, optionsOf, plainTarget, problemOf, sameServer } from "../../src/state/target";
import { carrierLabel } from "../../src/ui/carrier";

test.each([
  ["https://a.example/mcp", "http"], [" HTTP://127.0.0.1:1/", "http"], ["wss://a.example/", "websocket"], ["ws://a.example/", "websocket"],
  ["a.example/mcp", "unknown"], ["ftp://a.example/", "unknown"], ["", "unknown"],
] as const)("%j is for %s", (url, kind) => expect(kindOf(url)).toBe(kind));

describe("headers", () => {
  test.each([
    ["X-Api-Key", "secret", undefined],
    ["", "", undefined],
    ["", "value", /name/],
    ["X Api", "value", /spaces/],
    ["X-Api:", "value", /spaces/],
    ["Cookie", "a=b", /browser/],
    ["sec-fetch-site", "none", /browser/],
    ["Proxy-Authorization", "x", /browser/],
    ["MCP-Session-Id", "x", /itself/],
    ["Mcp-Param-Region", "x", /itself/],
    ["X-Name", "snowman ☃", /sign/],
    ["X-Name", "one\ntwo", /sign/],
    ["X-Name", "Zoë", undefined],
  ])("%j: %j", (name, value, problem) => {
    const told = problemOf({ name, value });
    if (problem) expect(told).toMatch(problem);
    else expect(told).toBeUndefined();
  });

  test("without a name they are left out, and spaces around them go", () =>
    expect(headersOf([{ name: " X-A ", value: " 1 " }, { name: " ", value: "" }])).toEqual({ "X-A": "1" }));
});

describe("what connect is told", () => {
  const full = { ...plainTarget("", "t0ken", "auto"), headers: [{ name: "X-A", value: "1" }], preferWebSocket: true };

  test("headers and the preference go with HTTP addresses only", () => {
    expect(optionsOf({ ...full, url: "https://a.example/" })).toEqual({ token: "t0ken", headers: { "X-A": "1" }, prefer: "websocket" });
    // A browser's WebSocket cannot send any: the client would refuse them.
    expect(optionsOf({ ...full, url: "wss://a.example/" })).toEqual({ token: "t0ken" });
  });

  test("nothing that was not chosen", () => expect(optionsOf(plainTarget("https://a.example/", "", "auto"))).toEqual({}));
});

test.each([
  ["https://a.example/mcp", "wss://a.example/ws", true],
  ["http://a.example/", "ws://a.example:80/", true],
  ["https://a.example/", "https://b.example/", false],
  ["https://a.example/", "https://a.example:8443/", false],
  ["https://a.example/", "http://a.example/", false],
  ["https://a.example/", "not an address", false],
])("%s and %s are one server: %j", (one, other, same) => expect(sameServer(one, other)).toBe(same));

test.each([
  [{ transport: "http", era: "modern", protocolVersion: "2026-07-28" }, "Streamable HTTP · 2026-07-28"],
  [{ transport: "http", era: "legacy", protocolVersion: "2025-11-25" }, "Streamable HTTP · 2025-11-25 (session)"],
  [{ transport: "http+sse", era: "legacy", protocolVersion: "2024-11-05" }, "HTTP+SSE · 2024-11-05"],
  [{ transport: "websocket", era: "legacy", protocolVersion: "2025-06-18" }, "WebSocket · 2025-06-18"],
  [{ transport: "pigeon", era: "modern", protocolVersion: "2026-07-28" }, "pigeon · 2026-07-28"],
] as const)("%j is called %s", (info, label) => expect(carrierLabel(info)).toBe(label));
