import { describe, expect, test } from "vitest";
import { needsOf, snippets } from "../../src/doctor/cors";
import { diagnosisIn } from "../../src/doctor/diagnosis";
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
  test("what is no cause or no step is left out, and lines that are no headers", () => {
    expect(diagnosisIn({
      steps: [{ request: "GET", ok: true, outcome: "204" }, { request: "POST", ok: "yes" }, {}, null],
      causes: [
        { kind: "unreachable", certainty: "likely", evidence: "Tried.", fix: "Start it.", add: ["Vary: Origin", "no header", "X: a\nb", 5] },
        { kind: "header_refused", header: "mcp-method", certainty: "certain" },
        { evidence: "of what?" }, null, "text",
        { kind: "toString", certainty: "sure", add: "text" },
      ],
    })).toEqual({
      steps: [{ request: "GET", ok: true, outcome: "204" }, { request: "POST", ok: false, outcome: "" }],
      causes: [
        { title: "The server cannot be reached", certainty: "likely", evidence: "Tried.", fix: "Start it.", add: ["Vary: Origin"] },
        { title: "The server does not allow a request header: mcp-method", certainty: "certain", evidence: "", fix: "", add: [] },
        { title: "toString", certainty: "possible", evidence: "", fix: "", add: [] },
      ],
    });
    for (const odd of [undefined, null, 1, {}, { causes: {}, steps: 5 }]) expect(diagnosisIn(odd)).toEqual({ steps: [], causes: [] });
  });
});

describe("a failure", () => {
  test("that can be looked into runs the diagnosis of its error", async () => {
    const steps: unknown[] = [];
    let given: { signal?: AbortSignal } = {};
    const error = Object.assign(new Error("No answer."), {
      code: "cors_or_network",
      async diagnose(this: Error, options: { signal: AbortSignal; onStep: (step: unknown) => void }) {
        given = options;
        options.onStep({ request: "GET", ok: false, outcome: "nothing" });
        options.onStep("nonsense");
        return { causes: [{ kind: "unreachable", evidence: `${this.message} Why?` }] };
      },
    });
    const { signal } = new AbortController();
    const diagnosis = await failureOf(error).diagnose?.({ signal, onStep: (step) => steps.push(step) });
    expect(diagnosis?.causes[0]?.evidence).toBe("No answer. Why?");
    expect(steps).toEqual([{ request: "GET", ok: false, outcome: "nothing" }]);
    expect(given.signal).toBe(signal);
  });

  test("of another kind has none", () => expect(failureOf(new Error("no"))).not.toHaveProperty("diagnose"));
});
