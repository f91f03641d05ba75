import { describe, expect, test } from "vitest";
import { needsOf, snippets } from "../../src/doctor/cors";
import { diagnosisIn, stepIn } from "../../src/doctor/diagnosis";
import { failureOf } from "../../src/state/app";

describe("what a page needs of a server", () => {
  const needs = needsOf("https://app.example", "https://mcp.example/v1/mcp?key=secret", [
    "Access-Control-Allow-Headers: mcp-name, Mcp-Param-Region, *",
    "access-control-expose-headers: X-Trace",
    "Access-Control-Allow-Origin: https://elsewhere.example",
    "no header line",
  ]);

  test("what every client needs and what was missing, each once", () => {
    expect(needs.allow).toEqual(["Authorization", "Content-Type", "Last-Event-ID", "Mcp-Method", "Mcp-Name", "MCP-Protocol-Version", "Mcp-Session-Id", "Mcp-Param-Region"]);
    expect(needs.expose).toEqual(["Mcp-Session-Id", "WWW-Authenticate", "X-Trace"]);
    expect(needs.path).toBe("/v1/mcp");
  });

  test.each(snippets(needs).map((snippet) => [snippet.label, snippet.code]))("%s names the origin, and no secret", (_, code) => {
    expect(code).toContain("https://app.example");
    expect(code).not.toContain("secret");
    expect(code).not.toContain("elsewhere");
  });

  test("an address or a header's name cannot break out of a snippet", () => {
    const odd = needsOf("https://app.example", "https://mcp.example/a;rm%20-rf$x", ['Access-Control-Allow-Headers: ok, "); evil(', "Access-Control-Expose-Headers: a b, $(x), `y`"]);
    expect(odd.path).toBe("/mcp");
    expect(odd.allow.at(-1)).toBe("ok");
    expect(odd.expose).toEqual(["Mcp-Session-Id", "WWW-Authenticate"]);
  });
});

describe("a diagnosis is shown as far as it can be read", () => {
  test("causes without a sentence are left out, and lines that are no headers", () => {
    expect(diagnosisIn({
      causes: [
        { kind: "unreachable", certainty: "likely", summary: "Nobody is there.", evidence: ["Tried.", 5], fix: "Start it.", headers: ["Vary: Origin", "no header", "X: a\nb"] },
        { kind: "csp" }, null, "text",
        { summary: "Odd.", certainty: "sure" },
      ],
    })).toEqual({
      causes: [
        { kind: "unreachable", certainty: "likely", summary: "Nobody is there.", evidence: ["Tried."], fix: "Start it.", headers: ["Vary: Origin"] },
        { kind: "", certainty: "possible", summary: "Odd.", evidence: [], fix: "", headers: [] },
      ],
    });
    for (const odd of [undefined, null, 1, {}, { causes: {} }]) expect(diagnosisIn(odd)).toEqual({ causes: [] });
  });

  test("its progress too", () => {
    expect(stepIn({ done: 1, of: 3, what: "Asking" })).toEqual({ done: 1, of: 3, what: "Asking" });
    expect(stepIn({ done: 1, of: "many" })).toEqual({ done: 1, of: undefined, what: "" });
    expect(stepIn("soon")).toBeUndefined();
  });
});

describe("a failure", () => {
  test("that can be looked into runs the diagnosis of its error", async () => {
    const steps: unknown[] = [];
    let given: { signal?: AbortSignal } = {};
    const error = Object.assign(new Error("No answer."), {
      code: "cors_or_network",
      async diagnose(this: Error, options: { signal: AbortSignal; onProgress: (step: unknown) => void }) {
        given = options;
        options.onProgress({ done: 1, of: 2, what: "Is anyone there?" });
        options.onProgress("nonsense");
        return { causes: [{ summary: `${this.message} Why?` }] };
      },
    });
    const { signal } = new AbortController();
    const diagnosis = await failureOf(error).diagnose?.({ signal, onProgress: (step) => steps.push(step) });
    expect(diagnosis?.causes[0]?.summary).toBe("No answer. Why?");
    expect(steps).toEqual([{ done: 1, of: 2, what: "Is anyone there?" }]);
    expect(given.signal).toBe(signal);
  });

  test("of another kind has none", () => expect(failureOf(new Error("no"))).not.toHaveProperty("diagnose"));
});
