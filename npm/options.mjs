import { config } from "./error.mjs";

/** The version of this package; the build checks that Cargo.toml and package.json say the same. */
export const VERSION = "0.1.0";

const CONNECT = [
  "name", "version", "title", "token", "headers", "protocols", "credentials", "prefer", "era", "onElicit", "onSample", "onRoots", "onEvent",
  "trace", "signal", "timeout", "totalTimeout", "connectTimeout", "reconnect", "maxMessage", "maxConcurrentInputs", "inputTimeout",
  "WebSocket", "fetch", "wasm", "cache",
];
const CALL = ["signal", "timeout", "totalTimeout", "meta", "onProgress", "idempotent", "fresh"];
const RECONNECT = ["baseDelay", "maxDelay", "maxAttempts", "budget"];
const NUMBERS = ["timeout", "totalTimeout", "connectTimeout", "maxMessage", "maxConcurrentInputs", "inputTimeout"];
const FUNCTIONS = ["onSample", "onRoots", "onEvent", "fetch"];

const known = (given, names, where) => {
  if (typeof given !== "object" || given === null) throw config(`${where} must be an object.`);
  for (const key in given)
    if (!names.includes(key)) throw config(`${where}: there is no option "${key}"; there are ${names.join(", ")}.`);
};

const positive = (given, names) => {
  for (const key of names)
    if (given[key] !== undefined && !(given[key] > 0)) throw config(`${key} must be a number above zero.`);
};

const signalled = ({ signal }) => {
  if (signal !== undefined && typeof signal?.addEventListener != "function")
    throw config("signal must be an AbortSignal.");
};

/** Refuses a slip in the options of one call. */
export const checkCall = (options) => {
  known(options, CALL, "The options of a call");
  positive(options, ["timeout", "totalTimeout"]);
  signalled(options);
  if (options.onProgress !== undefined && typeof options.onProgress != "function")
    throw config("onProgress must be a function.");
};

const checkUrl = (url) => {
  const text = String(url ?? "").trim();
  if (!text) throw config("Give connect() the address of a server, such as https://example.com/mcp.");
  let parsed;
  try {
    // A path is one of the page's own server.
    parsed = new URL(text, text[0] == "/" ? globalThis.location?.origin : undefined);
  } catch {
    throw config(`"${text}" is not a URL; give one such as https://example.com/mcp.`);
  }
  if (!/^(http|ws)s?:$/.test(parsed.protocol))
    throw config(`An address begins with http://, https://, ws:// or wss://, and not with ${parsed.protocol}//.`);
  return parsed;
};

const socket = ({ WebSocket = globalThis.WebSocket, headers }) => {
  if (typeof WebSocket != "function")
    throw config(
      'This runtime has no WebSocket (Node.js has one from version 22 on): npm install ws, import { WebSocket } from "ws", and pass connect(url, { WebSocket }).',
    );
  if (headers === undefined) return WebSocket;
  if (WebSocket === globalThis.WebSocket)
    throw config(
      "headers cannot be sent: a browser's WebSocket offers no way to. Use token, or put a short-lived ticket into the URL; elsewhere pass a WebSocket that takes headers, as that of the ws package.",
    );
  return class extends WebSocket {
    constructor(url, protocols) {
      super(url, protocols, { headers });
    }
  };
};

/** What is the business of one transport only. */
const carrier = (http, options) => {
  const { credentials, prefer, fetch = globalThis.fetch } = options;
  let { headers } = options;
  // Headers, or a list of pairs.
  if (headers?.[Symbol.iterator]) headers = Object.fromEntries(headers);
  for (const name in headers)
    if (typeof headers[name] != "string") throw config(`headers must be an object of texts, and ${name} is none.`);
  if (credentials !== undefined && !["omit", "same-origin", "include"].includes(credentials))
    throw config('credentials must be "omit", "same-origin" or "include".');
  if (prefer !== undefined && prefer !== "websocket") throw config('prefer must be "websocket".');
  const only = (name, where) => {
    if (options[name] !== undefined) throw config(`${name} is for ${where}.`);
  };
  if (!http) {
    only("credentials", "HTTP; a WebSocket always carries the browser's cookies");
    only("prefer", "addresses that begin with http:// or https://");
    return { WebSocket: socket({ ...options, headers }) };
  }
  if (typeof fetch != "function") throw config("This runtime has no fetch; pass connect(url, { fetch }).");
  if (!prefer) only("protocols", "WebSocket; over HTTP there are none");
  return { headers, credentials, prefer, fetch: options.fetch, ...(prefer && { WebSocket: socket({ ...options, headers }) }) };
};

const capabilities = ({ onElicit, onSample, onRoots }) => {
  const declared = {};
  if (typeof onElicit == "function") declared.elicitation = { form: {}, url: {} };
  else if (onElicit !== undefined) {
    known(onElicit, ["form", "url"], "onElicit");
    declared.elicitation = {};
    for (const mode in onElicit) {
      if (typeof onElicit[mode] != "function") throw config(`onElicit.${mode} must be a function.`);
      declared.elicitation[mode] = {};
    }
  }
  if (onSample) declared.sampling = {};
  if (onRoots) declared.roots = {};
  return declared;
};

/** Refuses a slip in what connect() was given, and turns it into what the core takes. */
export const checkConnect = (url, options) => {
  const { href: address, protocol } = checkUrl(url);
  known(options, CONNECT, "The options of connect()");
  positive(options, NUMBERS);
  signalled(options);
  for (const key of FUNCTIONS)
    if (options[key] !== undefined && typeof options[key] != "function") throw config(`${key} must be a function.`);
  const { token, reconnect, protocols, era } = options;
  if (token !== undefined && typeof token != "function" && (typeof token != "string" || !token))
    throw config("token must be a text that is not empty, or a function that gives one.");
  if (typeof reconnect == "object") {
    known(reconnect, RECONNECT, "reconnect");
    positive(reconnect, RECONNECT);
  } else if (reconnect !== undefined && typeof reconnect != "boolean")
    throw config("reconnect must be true, false or an object of waits.");
  if (era !== undefined && !["auto", "modern", "legacy"].includes(era))
    throw config('era must be "auto", "modern" or "legacy".');
  if (protocols !== undefined && protocols !== "auto" && protocols !== "none" && !Array.isArray(protocols))
    throw config('protocols must be "auto", "none" or a list of names.');
  const core = {
    name: options.name ?? "everywire",
    version: options.version ?? VERSION,
    capabilities: capabilities(options),
    ...carrier(protocol[0] == "h", options),
  };
  for (const key of ["title", "trace", "cache", "protocols", "era", "reconnect", ...NUMBERS])
    if (options[key] !== undefined) core[key] = options[key];
  return { address, core };
};
