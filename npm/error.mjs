/** The one error class. See index.d.ts for the codes. */
export class EverywireError extends Error {
  constructor({ code, message, rpcCode, data, maybeExecuted = false, requestState }, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.maybeExecuted = maybeExecuted;
    if (rpcCode !== undefined) this.rpcCode = rpcCode;
    if (data !== undefined) this.data = data;
    if (requestState !== undefined) this.requestState = requestState;
  }
}
Object.defineProperty(EverywireError.prototype, "name", { value: "EverywireError" });

/** Gives errors that a browser does not explain the means to find out more, which is loaded only when it is used. */
export const diagnosable = (url, { credentials, fetch }) => (error, opaque) => {
  if (opaque)
    Object.defineProperty(error, "diagnose", {
      value: async ({ signal, onProgress } = {}) => {
        const { diagnose, headersIn } = await import("./doctor.mjs");
        return diagnose(url, { headers: headersIn(error.message), credentials, fetch, signal, onProgress });
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
