import { describe, expect, test } from "vitest";
import { attemptsOf, headersOf, kindOf, plainTarget, problemOf, sameServer } from "../../src/state/target";
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

describe("what to connect to", () => {
  const full = { ...plainTarget("", "t0ken", "auto"), headers: [{ name: "X-A", value: "1" }] };

  test("headers go with HTTP only: a browser's WebSocket cannot send any", () => {
    expect(attemptsOf({ ...full, url: "https://a.example/" })).toEqual([{ url: "https://a.example/", options: { token: "t0ken", headers: { "X-A": "1" } } }]);
    expect(attemptsOf({ ...full, url: "wss://a.example/", preferWebSocket: true })).toEqual([{ url: "wss://a.example/", options: { token: "t0ken" } }]);
  });

  test("a WebSocket at the same address comes first where that is wanted", () =>
    expect(attemptsOf({ ...full, url: "https://a.example/mcp", preferWebSocket: true })).toEqual([
      { url: "wss://a.example/mcp", options: { token: "t0ken" } },
      { url: "https://a.example/mcp", options: { token: "t0ken", headers: { "X-A": "1" } } },
    ]));

  test("nothing that was not chosen", () => expect(attemptsOf(plainTarget("https://a.example/", "", "auto"))).toEqual([{ url: "https://a.example/", options: {} }]));
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
