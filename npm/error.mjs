/** The one error class. See index.d.ts for the codes. */
export class EverywireError extends Error {
  constructor({ code, message, rpcCode, data, status, maybeExecuted = false, requestState }, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.maybeExecuted = maybeExecuted;
    if (rpcCode !== undefined) this.rpcCode = rpcCode;
    if (data !== undefined) this.data = data;
    if (status !== undefined) this.status = status;
    if (requestState !== undefined) this.requestState = requestState;
  }
}
Object.defineProperty(EverywireError.prototype, "name", { value: "EverywireError" });

/** The session's id that a server gives and a page of another origin does not see, unless it is exposed. */
const SESSION = "mcp-session-id";

/**
 * Gives errors that a browser does not explain the means to find out more, which is loaded only when it is used. `info` tells what is
 * known of the server.
 */
export const diagnosable = (url, { credentials, fetch }, info) => (error, opaque) => {
  const hidden = () =>
    (error.status == 400 || (error.code == "rpc" && error.message.toLowerCase().includes(SESSION))) &&
    globalThis.location !== undefined &&
    new URL(url).origin != globalThis.location.origin &&
    info()?.era == "legacy";
  const missing = !opaque && hidden() ? [SESSION] : [];
  if (opaque || missing.length)
    Object.defineProperty(error, "diagnose", {
      value: async ({ signal, onProgress } = {}) => {
        const { diagnose, headersIn } = await import("./doctor.mjs");
        return diagnose(url, { headers: headersIn(error.message), missing, credentials, fetch, signal, onProgress });
      },
    });
  return error;
};

export const fail = (code, message, cause) => new EverywireError({ code, message }, cause);

export const config = (message) => fail("config", message);

/** What a callback of the page throws is the page's affair: it must not unwind into the client. */
export const report = (error) => {
  if (globalThis.reportError) globalThis.reportError(error);
  else console.error(error);
};
