// What a diagnosis says, ready to be shown: what has no sentence or would break a line is left out.
import { isObject } from "../schema/model";

export type Certainty = "certain" | "likely" | "possible";

export interface Cause {
  readonly kind: string;
  readonly certainty: Certainty;
  readonly summary: string;
  readonly evidence: readonly string[];
  /** Who does what about it. */
  readonly fix: string;
  /** Response header lines that are missing. */
  readonly headers: readonly string[];
}

export interface Diagnosis {
  /** The best one first. */
  readonly causes: readonly Cause[];
}

/** How far it is. */
export interface Step {
  readonly done: number;
  readonly of: number | undefined;
  readonly what: string;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one): one is string => typeof one === "string" && one !== "") : []);
const isCertainty = (value: unknown): value is Certainty => value === "certain" || value === "likely" || value === "possible";

export function diagnosisIn(given: unknown): Diagnosis {
  const causes = isObject(given) && Array.isArray(given.causes) ? given.causes : [];
  return {
    causes: causes.flatMap((one: unknown) => {
      if (!isObject(one) || text(one.summary) === "") return [];
      return [{
        kind: text(one.kind),
        certainty: isCertainty(one.certainty) ? one.certainty : "possible",
        summary: text(one.summary),
        evidence: texts(one.evidence),
        fix: text(one.fix),
        headers: texts(one.headers).filter((line) => /^[\w-]+: [\x20-\x7e]*$/.test(line)),
      }];
    }),
  };
}

export function stepIn(given: unknown): Step | undefined {
  if (!isObject(given) || typeof given.done !== "number") return undefined;
  return { done: given.done, of: typeof given.of === "number" ? given.of : undefined, what: text(given.what) };
}
