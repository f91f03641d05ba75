import type { Diagnosis, DiagnosisStep } from "./index.js";

export type { Cause, Diagnosis, DiagnosisStep } from "./index.js";

/** What {@link diagnose} may be told. */
export interface DiagnoseOptions {
  /** The names of the request headers that are needed. Default: those of MCP over HTTP. */
  headers?: string[];
  /** The names of response headers that were expected and not seen, such as `mcp-session-id`. Default: none. */
  missing?: string[];
  /** As requests to the server are made. Default `"same-origin"`. */
  credentials?: "omit" | "same-origin" | "include";
  /** The function to use instead of `globalThis.fetch`. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** How long one request may take, in milliseconds. Default 10,000. */
  timeout?: number;
  /** Stops when it aborts; the promise rejects with its reason. */
  signal?: AbortSignal;
  /** Is told of each request before it is made. */
  onProgress?: (step: DiagnosisStep) => void;
}

/**
 * Finds out what keeps this page from a server, by a few GET requests; no POST is sent. Two of them where the server cannot be reached
 * or does not let the page read anything, two where everything is allowed, and one more for each header where one is refused.
 *
 * A script never hears the reason itself, so each cause says how sure it is, and what it was told by.
 */
export function diagnose(url: string | URL, options?: DiagnoseOptions): Promise<Diagnosis>;
