// What a server has to answer so that a page may talk to it, ready to be copied in the form that its owner needs. Pure.

/** What a page at `origin` needs of the server at `path`. */
export interface Needs {
  readonly origin: string;
  /** The path of the endpoint. */
  readonly path: string;
  /** Request headers that a preflight must allow. */
  readonly allow: readonly string[];
  /** Response headers that the page must be able to read. */
  readonly expose: readonly string[];
}

/** What a client of either revision may send (2026-07-28 and 2025-11-25 basic/transports). `*` would not cover Authorization. */
const ALLOW = ["Authorization", "Content-Type", "Last-Event-ID", "Mcp-Method", "Mcp-Name", "MCP-Protocol-Version", "Mcp-Session-Id"];
/** What it has to read: the session of 2025-11-25 and older, and where a token is to be had. */
const EXPOSE = ["Mcp-Session-Id", "WWW-Authenticate"];
const METHODS = ["GET", "POST", "DELETE"];

/**
 * The needs of a page, with the header names that `lines` mention beside those that every client needs. `lines` are response
 * header lines, such as `Access-Control-Allow-Headers: Mcp-Param-Region`; lines of another kind add nothing.
 */
export function needsOf(origin: string, url: string, lines: readonly string[]): Needs {
  return {
    origin,
    path: pathOf(url),
    allow: union(ALLOW, named(lines, "access-control-allow-headers")),
    expose: union(EXPOSE, named(lines, "access-control-expose-headers")),
  };
}

function named(lines: readonly string[], field: string): string[] {
  return lines.flatMap((line) => {
    const colon = line.indexOf(":");
    if (colon < 0 || line.slice(0, colon).trim().toLowerCase() !== field) return [];
    // They end up in snippets: what is no plain name is left out.
    return line.slice(colon + 1).split(",").map((name) => name.trim()).filter((name) => /^[\w-]+$/.test(name));
  });
}

function union(names: readonly string[], more: readonly string[]): string[] {
  const all = new Map<string, string>();
  for (const name of [...names, ...more]) if (!all.has(name.toLowerCase())) all.set(name.toLowerCase(), name);
  return [...all.values()];
}

function pathOf(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : "";
  // Anything else would need quoting that differs by place.
  return /^[\w./~%-]+$/.test(path) && path !== "/" ? path : "/mcp";
}

export interface Snippet {
  readonly id: string;
  readonly label: string;
  /** Where it goes, in a sentence. */
  readonly where: string;
  readonly code: string;
}

/** The same in five ways. */
export function snippets(needs: Needs): readonly Snippet[] {
  return [plain(needs), nginx(needs), express(needs), starlette(needs), everywire(needs)];
}

const list = (names: readonly string[]): string => names.join(", ");
const quoted = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(", ");

function plain({ origin, allow, expose }: Needs): Snippet {
  return {
    id: "headers",
    label: "Headers",
    where: "On every answer, errors too; and OPTIONS is answered with 204 before any authentication.",
    code: `Access-Control-Allow-Origin: ${origin}
Access-Control-Allow-Methods: ${list(METHODS)}
Access-Control-Allow-Headers: ${list(allow)}
Access-Control-Expose-Headers: ${list(expose)}
Access-Control-Max-Age: 7200
Vary: Origin`,
  };
}

function nginx({ origin, path, allow, expose }: Needs): Snippet {
  return {
    id: "nginx",
    label: "nginx",
    where: "In the server block. The first two headers stand twice, as a block with headers of its own inherits none.",
    code: `location ${path} {
    add_header Access-Control-Allow-Origin "${origin}" always;
    add_header Vary Origin always;
    add_header Access-Control-Expose-Headers "${list(expose)}" always;
    if ($request_method = OPTIONS) {
        add_header Access-Control-Allow-Origin "${origin}" always;
        add_header Vary Origin always;
        add_header Access-Control-Allow-Methods "${list(METHODS)}";
        add_header Access-Control-Allow-Headers "${list(allow)}";
        add_header Access-Control-Max-Age 7200;
        return 204;
    }
    proxy_pass http://127.0.0.1:8000;
    proxy_http_version 1.1;
    proxy_buffering off;
}`,
  };
}

function express({ origin, path, expose }: Needs): Snippet {
  return {
    id: "express",
    label: "Express",
    where: "Before the endpoint and before any authentication. Without allowedHeaders it allows whatever is asked for, Mcp-Param-* too.",
    code: `import cors from "cors";

app.use("${path}", cors({
  origin: "${origin}",
  methods: [${quoted(METHODS)}],
  exposedHeaders: [${quoted(expose)}],
  maxAge: 7200,
}));`,
  };
}

function starlette({ origin, expose }: Needs): Snippet {
  return {
    id: "starlette",
    label: "Starlette",
    where: `Around the application. "*" allows whatever is asked for, Mcp-Param-* too. The Python SDK's server checks the origin itself as well: give it TransportSecuritySettings(allowed_origins=["${origin}"], allowed_hosts=[…]).`,
    code: `from starlette.middleware.cors import CORSMiddleware

app = CORSMiddleware(
    app,
    allow_origins=["${origin}"],
    allow_methods=[${quoted(METHODS)}],
    allow_headers=["*"],
    expose_headers=[${quoted(expose)}],
    max_age=7200,
)`,
  };
}

function everywire({ origin, path }: Needs): Snippet {
  return {
    id: "everywire",
    label: "everywire",
    where: "In a Rust program that serves with this library. The origin is checked and all the headers are sent.",
    code: `server
    .bind_http("127.0.0.1:8000")
    .path("${path}")
    .allow_origin("${origin}")
    .await?`,
  };
}
