/// <reference lib="esnext.disposable" />

/**
 * Everywire: the MCP client that runs everywhere, over Streamable HTTP and WebSocket.
 *
 * ```js
 * import { connect } from "everywire";
 *
 * const client = await connect("https://example.com/mcp", { name: "my-app", version: "1.0.0" });
 * const { content } = await client.callTool({ name: "echo", arguments: { text: "hello" } });
 * client.close();
 * ```
 *
 * All durations are milliseconds, all sizes are those of a message's text in UTF-16 code units, which for plain ASCII are bytes. Both protocol eras (2026-07-28, and 2025-11-25 and older) are
 * spoken; which one is found out while connecting, unless {@link ConnectOptions.era} says it.
 *
 * @packageDocumentation
 */

// ---- Connecting ---------------------------------------------------------------------------------

/**
 * Connects to an MCP server and finds out what it speaks.
 *
 * @param url `http://` or `https://` for Streamable HTTP, `ws://` or `wss://` for WebSocket. A string or a `URL`; a path such as
 *   `/mcp` is one of the page's own server.
 * @returns a connected client. It reconnects by itself from then on, unless told otherwise.
 * @throws {EverywireError} `config` when an argument is wrong; `connect_failed`, `cors_or_network`, `auth_required`, `timeout`,
 *   `unsupported_version` or `not_mcp` when there is no MCP server to talk to; `cancelled` when `signal` aborts.
 */
export function connect(url: string | URL, options?: ConnectOptions): Promise<Client>;

/** What {@link connect} may be told. An option that is not listed here is refused, so that a slip is noticed. */
export interface ConnectOptions {
  /** The name of your program, told to the server. Default `"everywire"`. */
  name?: string;
  /** The version of your program, told to the server. Default: the version of this package. */
  version?: string;
  /** The name of your program for people to read. Default: none. */
  title?: string;
  /**
   * A bearer token, or a function that fetches one. Over HTTP it is sent as `Authorization: Bearer` with every request; a function
   * is asked once, and again when the server refuses what it gave (401). Over WebSocket a function is asked before every connection
   * attempt, and the token is offered as the subprotocol `mcp.auth.<token>`, since a browser WebSocket cannot send headers; such
   * names end up in the access logs of some servers, so prefer a short-lived token. Default: none.
   */
  token?: string | (() => string | Promise<string>);
  /**
   * Headers to send with every request, over HTTP; those that the protocol sets itself are refused (`config`). A page across origins
   * needs the server's permission for each of them. Over WebSocket they go with the handshake, and only together with a
   * {@link ConnectOptions.WebSocket} constructor that takes `(url, protocols, { headers })`, as that of the npm package `ws` does;
   * refused (`config`) with the runtime's own WebSocket, which cannot send headers. Default: none.
   */
  headers?: HeadersInit;
  /**
   * Whether requests over HTTP carry the browser's cookies for the server: `"include"` does so to other origins too, and then the
   * server must name the page's origin and allow credentials. Refused (`config`) over WebSocket, which always carries them.
   * Default: the runtime's, which in browsers is `"same-origin"`.
   */
  credentials?: "omit" | "same-origin" | "include";
  /**
   * The WebSocket subprotocols to offer. `"auto"` offers `mcp` and, if the socket fails before it opens, tries once with none;
   * `"none"` offers none; a list is offered as it is. Refused (`config`) over HTTP alone. Default `"auto"`.
   */
  protocols?: "auto" | "none" | string[];
  /**
   * `"websocket"`: for an address that begins with `http://` or `https://`, try a WebSocket at the same host and path first, and HTTP
   * where that does not open. What connected first is kept for every reconnect. Default: HTTP only.
   */
  prefer?: "websocket";
  /** The protocol era: found out (`"auto"`), 2026-07-28 (`"modern"`), or 2025-11-25 and older (`"legacy"`). Default `"auto"`. */
  era?: "auto" | "modern" | "legacy";
  /**
   * Answers what a server asks of a person. A function gets both modes; an object with `form` or `url` gets only those,
   * and only those are declared to the server. Without it elicitation is not declared at all.
   */
  onElicit?: ElicitHandler | ElicitHandlers;
  /** Runs a model for the server (`sampling/createMessage`). Without it sampling is not declared. */
  onSample?: (request: CreateMessageRequest, context: InputContext) => CreateMessageResult | Promise<CreateMessageResult>;
  /** Names the roots the server may work in (`roots/list`). Without it roots are not declared. */
  onRoots?: (context: InputContext) => Root[] | Promise<Root[]>;
  /** Is told everything that happens outside a call, in order. What it throws goes to `reportError`, never into the client. */
  onEvent?: (event: ClientEvent) => void;
  /** Also report each message that goes out or comes in, as `frame` events. Costs a string per message. Default `false`. */
  trace?: boolean;
  /** Gives up connecting when it aborts. Afterwards it has no effect; {@link Client.close} ends a client. */
  signal?: AbortSignal;
  /** How long a request may go without an answer or progress, in milliseconds. Progress starts it anew. Default 60,000. */
  timeout?: number;
  /** How long a request may take altogether, whatever progress it makes, in milliseconds. Default 600,000. */
  totalTimeout?: number;
  /**
   * How long one connection attempt may take, in milliseconds. Default 10,000. Over HTTP, where no connection is to be seen: how long
   * the server may take to answer the first request. Default there 30,000.
   */
  connectTimeout?: number;
  /** `true`: reconnect with the default waits; `false`: a lost connection stays lost. Default `true`. */
  reconnect?: boolean | ReconnectOptions;
  /**
   * Keeps the results of the list methods and of reading resources for as long as the server says that they hold (its
   * `ttlMs`), and answers with them at once. A notice of change makes them void. At most 256 results and 4 MiB. Default `true`.
   */
  cache?: boolean;
  /** The largest message accepted or sent, in UTF-16 code units. Default 16,777,216. */
  maxMessage?: number;
  /** How many of the server's questions may be with your handlers at once; more wait in line. Default 5. */
  maxConcurrentInputs?: number;
  /** How long a handler may take to answer a question of the server, in milliseconds. Then the server is told `cancel`. Default 300,000. */
  inputTimeout?: number;
  /** The function to use instead of `globalThis.fetch`, over HTTP. It is called with `this` undefined. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** The WebSocket to use instead of `globalThis.WebSocket`. Node.js 20 has none: pass that of the npm package `ws`. */
  WebSocket?: WebSocketConstructor;
  /**
   * Where the WebAssembly module comes from, if your bundler moves it: its URL, a `Response`, its bytes, or the compiled module. It is
   * compiled once per page or process, so only the first call's value is used. Default: the file in this package.
   */
  wasm?: string | URL | Response | BufferSource | WebAssembly.Module;
}

/** How to wait between attempts to reconnect: a random time between zero and `baseDelay * 2 ** attempt`, never above `maxDelay`. */
export interface ReconnectOptions {
  /** Upper bound of the first wait, in milliseconds. Default 500. */
  baseDelay?: number;
  /** Upper bound of every wait, in milliseconds. Default 30,000. */
  maxDelay?: number;
  /** How many attempts in a row may fail. Default: no limit but `budget`. */
  maxAttempts?: number;
  /** How long to go on trying without a connection that proves itself, in milliseconds. Default 600,000. */
  budget?: number;
}

/** A WebSocket constructor like that of the browser, or that of the npm package `ws`. */
export type WebSocketConstructor = new (url: string, protocols?: string | string[], options?: any) => object;

// ---- The client ---------------------------------------------------------------------------------

/**
 * A connected MCP client. Made by {@link connect}. Calls may overlap as you like.
 *
 * Every method rejects with {@link EverywireError}; none hangs. Aborting `signal` cancels the request on the server too.
 */
export class Client implements AsyncDisposable {
  private constructor();
  /** What the server said about itself when the connection was made. Follows a reconnect. */
  readonly server: ServerInfo;
  /** The state of the connection now. Changes are told to `onEvent` as `state`. */
  readonly state: ConnectionState;
  /** Counters since {@link connect}. A plain object, a snapshot. */
  metrics(): Metrics;
  /**
   * Looks after the connection now: a waiting reconnect is tried within a second, a silent link is probed. The events of a page
   * (`online`, shown again, back from the cache) do this by themselves.
   */
  wake(): void;

  /** One page of the server's tools. */
  listTools(params?: PageParams | null, options?: RequestOptions): Promise<ListToolsResult>;
  /** All of the server's tools, page after page. Rejects (`protocol`) if the server repeats a cursor. */
  listToolsAll(options?: RequestOptions): Promise<Tool[]>;
  /**
   * Calls a tool and answers with its result, after any questions of the server went through your handlers. A tool that
   * failed is a result with `isError: true`, not a rejection.
   *
   * If the connection is lost before the answer the call rejects with code `interrupted`, as it may have run; it is only
   * repeated when `idempotent` allows it.
   */
  callTool(params: CallToolParams, options?: CallOptions): Promise<CallToolResult>;
  /**
   * Calls a tool without running your handlers: if the server needs input (2026-07-28) the outcome says what, and
   * {@link Client.resume} goes on, from another page or process if need be, as the outcome is plain JSON. A server
   * of the legacy era asks in the middle of the call, so there your handlers do run and the outcome is complete.
   */
  callOnce(params: CallToolParams, options?: CallOptions): Promise<Outcome>;
  /** Goes on with a call that needed input. `responses` has one answer per key of `outcome.inputRequests`. */
  resume(outcome: InputRequired, responses: InputResponses, options?: CallOptions): Promise<Outcome>;

  /** One page of the server's resources. */
  listResources(params?: PageParams | null, options?: RequestOptions): Promise<ListResourcesResult>;
  /** All of the server's resources. */
  listResourcesAll(options?: RequestOptions): Promise<Resource[]>;
  /** One page of the server's resource templates. */
  listResourceTemplates(params?: PageParams | null, options?: RequestOptions): Promise<ListResourceTemplatesResult>;
  /** All of the server's resource templates. */
  listResourceTemplatesAll(options?: RequestOptions): Promise<ResourceTemplate[]>;
  /** Reads a resource. */
  readResource(params: string | ReadResourceParams, options?: CallOptions): Promise<ReadResourceResult>;
  /**
   * Asks to be told when a resource changes, as `resourceUpdated` events, until {@link Client.unsubscribe}. Survives reconnects; a
   * `resynced` event then says that changes may have been missed.
   */
  subscribe(uri: string, options?: RequestOptions): Promise<void>;
  /** Ends {@link Client.subscribe} for a resource. */
  unsubscribe(uri: string): Promise<void>;
  /** Opens a stream of change notices (2026-07-28). Notices arrive as events. Survives reconnects. */
  listen(filter: SubscriptionFilter, options?: ListenOptions): Promise<Subscription>;

  /** One page of the server's prompts. */
  listPrompts(params?: PageParams | null, options?: RequestOptions): Promise<ListPromptsResult>;
  /** All of the server's prompts. */
  listPromptsAll(options?: RequestOptions): Promise<Prompt[]>;
  /** Fetches a prompt with its arguments filled in. */
  getPrompt(params: GetPromptParams, options?: CallOptions): Promise<GetPromptResult>;
  /** Suggests values for an argument of a prompt or resource template. */
  complete(params: CompleteParams, options?: RequestOptions): Promise<CompleteResult>;

  /** The least severe log message the server shall send, as `log` events. Kept over reconnects. */
  setLogLevel(level: LoggingLevel): Promise<void>;
  /** Asks the server for a sign of life: `ping`, or `server/discover` in the modern era. */
  ping(options?: RequestOptions): Promise<void>;
  /** Sends any other request and answers with its result as it came. */
  request<Result = unknown>(method: string, params?: object, options?: CallOptions): Promise<Result>;

  /** Closes the connection for good. Whatever still waits rejects with code `closed`. May be called again. */
  close(): void;
  /** The same as {@link Client.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How to send one request. */
export interface RequestOptions {
  /** Cancels the request, here and on the server, when it aborts. The promise rejects with code `cancelled`. */
  signal?: AbortSignal;
  /** Milliseconds without an answer or progress. Default: that of {@link ConnectOptions}. */
  timeout?: number;
  /** Milliseconds altogether. Default: that of {@link ConnectOptions}. */
  totalTimeout?: number;
  /** Goes into the request's `_meta`. Default: none. */
  meta?: Record<string, unknown>;
  /**
   * Asks the server, whatever is kept of its earlier answers (see `cache` of {@link ConnectOptions}). What it says now is
   * kept instead. Default `false`.
   */
  fresh?: boolean;
}

/** How to make one call that may take long or have effects. */
export interface CallOptions extends RequestOptions {
  /** Is told of the call's progress. Without it the server is not asked for any. */
  onProgress?: (progress: Progress) => void;
  /** The call may run twice without harm, so repeat it if the connection is lost on the way. Default `false`. */
  idempotent?: boolean;
}

/** How to open a stream of change notices. */
export interface ListenOptions {
  /** Ends the stream when it aborts, before or after it was opened. */
  signal?: AbortSignal;
}

/** An open stream of change notices. */
export interface Subscription extends Disposable {
  /** Names the stream in `resynced` and `subscriptionEnded` events. */
  readonly key: number;
  /** What the server agreed to tell. */
  readonly acknowledged: SubscriptionFilter;
  /** Ends the stream. May be called again. */
  close(): void;
}

/** How far a call has come. */
export interface Progress {
  /** Grows with every message. */
  progress: number;
  /** The value of `progress` at the end, if the server knows it. */
  total?: number;
  /** What is being done, for people to read. */
  message?: string;
}

/** What {@link Client.callOnce} came to. */
export type Outcome = Completed | InputRequired;

/** The call is done. */
export interface Completed {
  status: "complete";
  result: CallToolResult;
}

/** The server needs input before it goes on. Plain JSON: it may be stored and resumed elsewhere. */
export interface InputRequired {
  status: "input_required";
  /** The call as it was made. */
  params: CallToolParams;
  /** What the server asks, by key. Empty if it only wants to be called again. */
  inputRequests: Record<string, InputRequest>;
  /** The server's own state, to be handed back as it is. */
  requestState?: string;
}

/** One question of the server. */
export type InputRequest =
  | { method: "elicitation/create"; params: ElicitRequest }
  | { method: "sampling/createMessage"; params: CreateMessageRequest }
  | { method: "roots/list"; params?: { _meta?: Meta } };

/** One answer per question of the server, by the same keys. */
export type InputResponses = Record<string, ElicitResult | CreateMessageResult | ListRootsResult>;

// ---- State, events, metrics ---------------------------------------------------------------------

/** The protocol era of a server: 2026-07-28 (`"modern"`), or 2025-11-25 and older (`"legacy"`). */
export type Era = "modern" | "legacy";

/** What a server says about itself. */
export interface ServerInfo {
  era: Era;
  /** How it is spoken to: Streamable HTTP, the HTTP+SSE of 2024-11-05, or WebSocket. */
  transport: "http" | "http+sse" | "websocket";
  /** The protocol version in use, such as `"2026-07-28"`. */
  protocolVersion: string;
  /** The server's name and version, if it told them. */
  serverInfo?: Implementation;
  capabilities: ServerCapabilities;
  /** How to use the server, for a model to read. */
  instructions?: string;
}

/** The state of the connection. */
export type ConnectionState =
  | { status: "connecting" }
  | { status: "connected" }
  | {
      status: "reconnecting";
      /** The number of the attempt that comes next, from 1. */
      attempt: number;
      /** Milliseconds from the moment this was told until that attempt. */
      retryInMs: number;
      /** Why the last connection or attempt ended. */
      reason?: EverywireError;
    }
  | {
      status: "closed";
      /** Why, unless {@link Client.close} was called. */
      reason?: EverywireError;
    };

/** Something that happened outside a call. */
export type ClientEvent =
  | { type: "state"; state: ConnectionState }
  /** A message as it went over the wire. Only with {@link ConnectOptions.trace}. */
  | { type: "frame"; direction: "in" | "out"; text: string }
  | { type: "log"; level: LoggingLevel; logger?: string; data: unknown }
  | { type: "toolsChanged" }
  | { type: "promptsChanged" }
  | { type: "resourcesChanged" }
  | { type: "resourceUpdated"; uri: string }
  /** Subscriptions were renewed after a reconnect; changes may have been missed, so fetch again what you show. */
  | { type: "resynced" }
  /** The server ended a stream of notices. `reason` says why, where it was not an orderly end. */
  | { type: "subscriptionEnded"; key: number; reason?: EverywireError }
  /** A handler of yours took too long to answer a question; the server was told `cancel`. */
  | { type: "inputTimedOut" }
  /** Something the peer did wrong that needed no error. */
  | { type: "warning"; message: string }
  /** Events were dropped because too many came at once. */
  | { type: "lagged"; missed: number };

/** Counters of one client, over all its connections. */
export interface Metrics {
  messagesOut: number;
  messagesIn: number;
  /** Text sent, in UTF-16 code units. */
  bytesOut: number;
  /** Text received, in UTF-16 code units. */
  bytesIn: number;
  /** Connections made after the first one. */
  reconnects: number;
  /** Keep-alive probes sent. */
  pings: number;
  /** Calls that wait for their answer now. */
  inFlight: number;
  /** Calls answered with a result. */
  completed: number;
  /** Calls answered with a result that was kept, without asking the server. */
  cacheHits: number;
  /** Calls that failed, whatever the reason. */
  errors: number;
  /** Calls whose time was over. */
  timeouts: number;
  /** Calls given up by their caller. */
  cancelled: number;
  /** Questions of the server taken up. */
  inputs: number;
  /** Answers that nobody waited for any more. */
  late: number;
  /** Messages of the server that were no JSON-RPC. */
  malformed: number;
  /** How long answered calls took. */
  latency: LatencyHistogram;
}

/** A histogram of durations: bucket `n` counts those below `2 ** n` microseconds and not below half of that. */
export interface LatencyHistogram {
  /** 32 counts; the last one holds everything above. */
  buckets: number[];
  /** The sum of all durations, in microseconds. */
  sumMicros: number;
}

// ---- Errors -------------------------------------------------------------------------------------

/**
 * What went wrong. Stable across versions.
 *
 * - `rpc`: the server answered with an error; see `rpcCode` and `data`.
 * - `auth_required`: the server wants a (different) token.
 * - `connect_failed`: no connection. A browser does not say why: wrong address, refused, not a WebSocket, bad certificate.
 * - `cors_or_network`: a request to another origin failed, and the browser does not say why: the server was not reached, or its CORS
 *   headers do not allow the page or one of the request's headers.
 * - `refused`: the server answered the handshake, or a request, with an HTTP status that is none of the protocol.
 * - `session_expired`: the server ended the session (HTTP), and what ran in it is lost; the next call begins another.
 * - `tls`: the server's certificate was not accepted.
 * - `connection_lost`: the connection broke before the request was sent.
 * - `interrupted`: the connection broke while the call was on its way, so it may have run; see `maybeExecuted`.
 * - `timeout`: no answer in time.
 * - `cancelled`: your signal aborted.
 * - `closed`: the client was closed.
 * - `too_large`: a message is over the limit; the error names both sizes.
 * - `overloaded`: too much at once, in or out.
 * - `protocol`: the server broke the protocol.
 * - `unsupported_version`: no protocol version in common.
 * - `not_mcp`: the peer is something else.
 * - `unsupported`: the server, or its era, cannot do that.
 * - `input_failed`: your handler threw; `requestState` lets you go on by hand.
 * - `encode`: what you gave is not JSON.
 * - `decode`: the answer does not have the expected shape.
 * - `config`: an argument or option is wrong.
 */
export type ErrorCode =
  | "rpc"
  | "auth_required"
  | "connect_failed"
  | "cors_or_network"
  | "refused"
  | "session_expired"
  | "tls"
  | "connection_lost"
  | "interrupted"
  | "timeout"
  | "cancelled"
  | "closed"
  | "too_large"
  | "overloaded"
  | "protocol"
  | "unsupported_version"
  | "not_mcp"
  | "unsupported"
  | "input_failed"
  | "encode"
  | "decode"
  | "config";

/** The one error class of this package. `message` is one sentence that says what to do. */
export class EverywireError extends Error {
  constructor(fields: ErrorFields, cause?: unknown);
  readonly name: "EverywireError";
  readonly code: ErrorCode;
  /** The JSON-RPC code the server answered with; only with code `rpc`. */
  readonly rpcCode?: number;
  /** The data of the server's error, unchanged. */
  readonly data?: unknown;
  /** Whether the request may have run on the server although no answer came. */
  readonly maybeExecuted: boolean;
  /** The server's state of an interactive call that broke off, for {@link Client.resume}. */
  readonly requestState?: string;
  /**
   * Finds out why, where a browser did not say it: with code `cors_or_network`, and `interrupted` for such a reason. Sends a few GET
   * requests to the server, and no POST. Absent on other errors. `signal` stops it; `onProgress` is told of each
   * request.
   */
  readonly diagnose?: (options?: { signal?: AbortSignal; onProgress?: (step: DiagnosisStep) => void }) => Promise<Diagnosis>;
}

/** What kept a page from a server of another origin, as far as a script can find out. Plain JSON. */
export interface Diagnosis {
  /** The server's address, without its query. */
  url: string;
  /** The page's origin; undefined outside of a page. */
  origin?: string;
  /** What it may be, the most likely first. Never empty. */
  causes: Cause[];
}

/** How far a diagnosis is. */
export interface DiagnosisStep {
  /** Requests made. */
  done: number;
  /** Requests to be made altogether; undefined where that is not known yet. */
  of?: number;
  /** What is tried now, in words. */
  what: string;
}

/** One possible reason. */
export interface Cause {
  kind:
    | "mixed_content"
    | "csp"
    | "offline"
    | "local_network"
    | "unreachable"
    | "certificate"
    | "redirected"
    | "origin_refused"
    | "credentials_refused"
    | "preflight_refused"
    | "header_refused"
    | "header_not_exposed"
    | "answer_without_cors";
  /** What a script cannot know for sure is never `certain`. */
  certainty: "certain" | "likely" | "possible";
  /** What it is, in one sentence. */
  summary: string;
  /** What was tried, and what came of it. */
  evidence: string[];
  /** Who has to do what, in one sentence. */
  fix: string;
  /** The header lines that the server has to send. */
  headers?: string[];
  /** The one header that it is about, with `header_refused` and `header_not_exposed`. */
  header?: string;
}

/** What an {@link EverywireError} is made of. */
export interface ErrorFields {
  code: ErrorCode;
  message: string;
  rpcCode?: number;
  data?: unknown;
  maybeExecuted?: boolean;
  requestState?: string;
}

// ---- What servers ask: elicitation, sampling, roots ---------------------------------------------

/** Answers a question of the server to a person, in either mode; see `request.mode`. */
export type ElicitHandler = (request: ElicitRequest, context: InputContext) => ElicitResult | Promise<ElicitResult>;

/** One handler per mode of elicitation. Only the modes that are here are declared to the server. */
export interface ElicitHandlers {
  /** Shows a form. */
  form?: (request: ElicitFormRequest, context: InputContext) => ElicitResult | Promise<ElicitResult>;
  /** Shows an address, whole, and opens it only if the person agrees. */
  url?: (request: ElicitUrlRequest, context: InputContext) => ElicitResult | Promise<ElicitResult>;
}

/** Who asks, and how long the answer is wanted. */
export interface InputContext {
  /** `"push"`: asked in the middle of a call (legacy era). `"round"`: asked as the outcome of a round of it (modern era). */
  source: "push" | "round";
  /** The server that asks, if it told its name. */
  server?: Implementation;
  /** Aborts when the answer is no longer wanted: the server cancelled, the time is over (`reason` says so), or the call has ended. */
  signal: AbortSignal;
}

/** A question to a person. */
export type ElicitRequest = ElicitFormRequest | ElicitUrlRequest;

/** Asks for a flat form to be filled in. */
export interface ElicitFormRequest {
  mode?: "form";
  /** Why, for people to read. */
  message: string;
  requestedSchema: {
    $schema?: string;
    type: "object";
    properties: Record<string, PrimitiveSchema>;
    required?: string[];
  };
  _meta?: Meta;
}

/** Asks for an address to be visited. */
export interface ElicitUrlRequest {
  mode: "url";
  /** Why, for people to read. */
  message: string;
  /** The address. Show it whole; never open it unasked. */
  url: string;
  /** Names the question in the legacy era. */
  elicitationId?: string;
  _meta?: Meta;
}

/** A person's answer. `content` goes with `"accept"` to a form. */
export interface ElicitResult {
  action: "accept" | "decline" | "cancel";
  content?: Record<string, string | number | boolean | string[]>;
  _meta?: Meta;
}

/** One field of a form. */
export type PrimitiveSchema = StringSchema | NumberSchema | BooleanSchema | EnumSchema;

interface FieldSchema {
  title?: string;
  description?: string;
}

export interface StringSchema extends FieldSchema {
  type: "string";
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: "email" | "uri" | "date" | "date-time";
  default?: string;
}

export interface NumberSchema extends FieldSchema {
  type: "number" | "integer";
  minimum?: number;
  maximum?: number;
  default?: number;
}

export interface BooleanSchema extends FieldSchema {
  type: "boolean";
  default?: boolean;
}

/** One or several of a set of values. */
export type EnumSchema = SingleSelectSchema | TitledSingleSelectSchema | MultiSelectSchema | TitledMultiSelectSchema;

export interface SingleSelectSchema extends FieldSchema {
  type: "string";
  enum: string[];
  /** Titles of the values, in the same order (legacy era). */
  enumNames?: string[];
  default?: string;
}

export interface TitledSingleSelectSchema extends FieldSchema {
  type: "string";
  oneOf: EnumOption[];
  default?: string;
}

export interface MultiSelectSchema extends FieldSchema {
  type: "array";
  minItems?: number;
  maxItems?: number;
  items: { type: "string"; enum: string[] };
  default?: string[];
}

export interface TitledMultiSelectSchema extends FieldSchema {
  type: "array";
  minItems?: number;
  maxItems?: number;
  items: { anyOf: EnumOption[] };
  default?: string[];
}

export interface EnumOption {
  const: string;
  title: string;
}

/** Asks for a model to be run. */
export interface CreateMessageRequest {
  messages: SamplingMessage[];
  modelPreferences?: ModelPreferences;
  systemPrompt?: string;
  includeContext?: "none" | "thisServer" | "allServers";
  temperature?: number;
  maxTokens: number;
  stopSequences?: string[];
  metadata?: Record<string, unknown>;
  tools?: Tool[];
  toolChoice?: { mode?: "auto" | "required" | "none" };
  _meta?: Meta;
}

export interface SamplingMessage {
  role: Role;
  content: SamplingContent | SamplingContent[];
  _meta?: Meta;
}

export type SamplingContent = TextContent | ImageContent | AudioContent | ToolUseContent | ToolResultContent;

export interface ModelPreferences {
  hints?: { name?: string }[];
  /** 0 (does not matter) to 1 (matters most). */
  costPriority?: number;
  /** 0 (does not matter) to 1 (matters most). */
  speedPriority?: number;
  /** 0 (does not matter) to 1 (matters most). */
  intelligencePriority?: number;
}

export interface CreateMessageResult extends SamplingMessage {
  model: string;
  stopReason?: "endTurn" | "stopSequence" | "maxTokens" | "toolUse" | (string & {});
}

/** A place the server may work in. */
export interface Root {
  /** `file://…` */
  uri: string;
  name?: string;
  _meta?: Meta;
}

export interface ListRootsResult {
  roots: Root[];
  _meta?: Meta;
}

// ---- What servers offer -------------------------------------------------------------------------

/** Free-form data beside the protocol's own. */
export type Meta = Record<string, unknown>;

/** What every result may carry. */
export interface Result {
  _meta?: Meta;
  /** `"complete"` from a server of the modern era, absent from one of the legacy era. */
  resultType?: string;
}

/** The cursor of the page to fetch; none is the first page. */
export interface PageParams {
  cursor?: string;
}

/** One page of a list. */
export interface Page extends Result {
  /** Where the next page begins; absent on the last one. */
  nextCursor?: string;
  /** How long the page may be kept, in milliseconds (modern era). */
  ttlMs?: number;
  /** Who may share it (modern era). */
  cacheScope?: "public" | "private";
}

/** A picture for something. */
export interface Icon {
  /** `https:` or `data:` */
  src: string;
  mimeType?: string;
  /** Such as `"48x48"` or `"any"`. */
  sizes?: string[];
  theme?: "light" | "dark";
}

interface Named {
  /** For programs. */
  name: string;
  /** For people. */
  title?: string;
  icons?: Icon[];
}

/** The name and version of a program. */
export interface Implementation extends Named {
  version: string;
  description?: string;
  websiteUrl?: string;
}

/** What a server can do. */
export interface ServerCapabilities {
  experimental?: Record<string, object>;
  logging?: object;
  completions?: object;
  prompts?: { listChanged?: boolean };
  resources?: { subscribe?: boolean; listChanged?: boolean };
  tools?: { listChanged?: boolean };
  extensions?: Record<string, object>;
  /** Tasks, in 2025-11-25. */
  tasks?: object;
}

export type LoggingLevel = "debug" | "info" | "notice" | "warning" | "error" | "critical" | "alert" | "emergency";

export type Role = "user" | "assistant";

/** Hints about who something is for and how much it matters. */
export interface Annotations {
  audience?: Role[];
  /** 0 (optional) to 1 (required). */
  priority?: number;
  /** ISO 8601. */
  lastModified?: string;
}

/** A tool. */
export interface Tool extends Named {
  description?: string;
  /** The JSON Schema of the arguments. */
  inputSchema: JsonSchema & { type: "object" };
  /** The JSON Schema of `structuredContent`. */
  outputSchema?: JsonSchema;
  annotations?: ToolAnnotations;
  /** How the tool takes part in tasks (2025-11-25). */
  execution?: { taskSupport?: "forbidden" | "optional" | "required" };
  _meta?: Meta;
}

/** A JSON Schema, 2020-12 unless `$schema` says otherwise. */
export interface JsonSchema {
  $schema?: string;
  [keyword: string]: unknown;
}

/** Hints about what a tool does. Do not trust them unless you trust the server. */
export interface ToolAnnotations {
  title?: string;
  readOnlyHint?: boolean;
  destructiveHint?: boolean;
  idempotentHint?: boolean;
  openWorldHint?: boolean;
}

export interface ListToolsResult extends Page {
  tools: Tool[];
}

export interface CallToolParams {
  name: string;
  arguments?: Record<string, unknown>;
}

export interface CallToolResult extends Result {
  content: ContentBlock[];
  /** The result as data, if the tool has an output schema. */
  structuredContent?: unknown;
  /** The tool failed; `content` says how. Default `false`. */
  isError?: boolean;
}

/** A piece of a result or message. */
export type ContentBlock = TextContent | ImageContent | AudioContent | ResourceLink | EmbeddedResource;

interface Content {
  annotations?: Annotations;
  _meta?: Meta;
}

export interface TextContent extends Content {
  type: "text";
  text: string;
}

export interface ImageContent extends Content {
  type: "image";
  /** Base64. */
  data: string;
  mimeType: string;
}

export interface AudioContent extends Content {
  type: "audio";
  /** Base64. */
  data: string;
  mimeType: string;
}

export interface ResourceLink extends Resource {
  type: "resource_link";
}

export interface EmbeddedResource extends Content {
  type: "resource";
  resource: ResourceContents;
}

export interface ToolUseContent {
  type: "tool_use";
  id: string;
  name: string;
  input: Record<string, unknown>;
  _meta?: Meta;
}

export interface ToolResultContent {
  type: "tool_result";
  toolUseId: string;
  content: ContentBlock[];
  structuredContent?: unknown;
  isError?: boolean;
  _meta?: Meta;
}

/** Something that can be read. */
export interface Resource extends Named {
  uri: string;
  description?: string;
  mimeType?: string;
  annotations?: Annotations;
  /** Bytes, before any encoding. */
  size?: number;
  _meta?: Meta;
}

/** A family of resources. */
export interface ResourceTemplate extends Named {
  /** RFC 6570. */
  uriTemplate: string;
  description?: string;
  mimeType?: string;
  annotations?: Annotations;
  _meta?: Meta;
}

export interface ListResourcesResult extends Page {
  resources: Resource[];
}

export interface ListResourceTemplatesResult extends Page {
  resourceTemplates: ResourceTemplate[];
}

export interface ReadResourceParams {
  uri: string;
}

export interface ReadResourceResult extends Result {
  contents: ResourceContents[];
  /** How long the contents may be kept, in milliseconds (modern era). */
  ttlMs?: number;
  cacheScope?: "public" | "private";
}

/** What a resource holds: text, or bytes in Base64. */
export type ResourceContents = TextResourceContents | BlobResourceContents;

export interface TextResourceContents {
  uri: string;
  mimeType?: string;
  text: string;
  blob?: undefined;
  _meta?: Meta;
}

export interface BlobResourceContents {
  uri: string;
  mimeType?: string;
  /** Base64. */
  blob: string;
  text?: undefined;
  _meta?: Meta;
}

/** Which changes to be told of. */
export interface SubscriptionFilter {
  toolsListChanged?: boolean;
  promptsListChanged?: boolean;
  resourcesListChanged?: boolean;
  /** The URIs of the resources to watch. */
  resourceSubscriptions?: string[];
}

/** A prompt. */
export interface Prompt extends Named {
  description?: string;
  arguments?: PromptArgument[];
  _meta?: Meta;
}

export interface PromptArgument {
  name: string;
  title?: string;
  description?: string;
  required?: boolean;
}

export interface ListPromptsResult extends Page {
  prompts: Prompt[];
}

export interface GetPromptParams {
  name: string;
  arguments?: Record<string, string>;
}

export interface GetPromptResult extends Result {
  description?: string;
  messages: PromptMessage[];
}

export interface PromptMessage {
  role: Role;
  content: ContentBlock;
}

export interface CompleteParams {
  ref: { type: "ref/prompt"; name: string; title?: string } | { type: "ref/resource"; uri: string };
  /** The argument, and what was typed so far. */
  argument: { name: string; value: string };
  context?: { arguments?: Record<string, string> };
}

export interface CompleteResult extends Result {
  completion: {
    /** At most 100. */
    values: string[];
    total?: number;
    hasMore?: boolean;
  };
}
