// What a diagnosis says, ready to be shown. Nothing of it is taken for granted, as the page outlives versions of the package.
import { isObject } from "../schema/model";

export type Certainty = "certain" | "likely" | "possible";

export interface Cause {
  /** In a few words. */
  readonly title: string;
  readonly certainty: Certainty;
  /** What was seen. */
  readonly evidence: string;
  /** Who does what about it. */
  readonly fix: string;
  /** Response header lines that the server's owner has to add. */
  readonly add: readonly string[];
}

/** One request that was made to find out. */
export interface Step {
  readonly request: string;
  readonly ok: boolean;
  readonly outcome: string;
}

export interface Diagnosis {
  readonly steps: readonly Step[];
  /** The best one first. */
  readonly causes: readonly Cause[];
}

const titles: Readonly<Record<string, string>> = {
  mixed_content: "A secure page may not ask an insecure address",
  csp: "The page's own policy forbids it",
  offline: "This machine is offline",
  local_network: "The browser keeps the page from the local network",
  unreachable: "The server cannot be reached",
  origin_refused: "The server does not let this page's origin in",
  credentials_refused: "The server takes no credentials from this page",
  preflight_refused: "The server refuses the preflight",
  header_refused: "The server does not allow a request header",
  header_not_exposed: "The server does not show a response header",
  redirected: "The server redirects",
  answer_without_cors: "The answer comes without CORS headers",
  certificate: "The server's certificate",
};

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const isCertainty = (value: unknown): value is Certainty => value === "certain" || value === "likely" || value === "possible";

export function diagnosisIn(given: unknown): Diagnosis {
  if (!isObject(given)) return { steps: [], causes: [] };
  return {
    steps: list(given.steps).flatMap((one) => stepIn(one) ?? []),
    causes: list(given.causes).flatMap((one) => causeIn(one) ?? []),
  };
}

function causeIn(given: unknown): Cause | undefined {
  if (!isObject(given) || typeof given.kind !== "string") return undefined;
  const header = text(given.header);
  return {
    title: (Object.hasOwn(titles, given.kind) && titles[given.kind] || given.kind) + (header && `: ${header}`),
    certainty: isCertainty(given.certainty) ? given.certainty : "possible",
    evidence: text(given.evidence),
    fix: text(given.fix),
    // They are copied into the configuration of a server: one line each, or not at all.
    add: list(given.add).filter((line): line is string => typeof line === "string" && /^[\w-]+: [\x20-\x7e]*$/.test(line)),
  };
}

export function stepIn(given: unknown): Step | undefined {
  if (!isObject(given) || text(given.request) === "") return undefined;
  return { request: text(given.request), ok: given.ok === true, outcome: text(given.outcome) };
}
