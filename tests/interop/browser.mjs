// The npm package in a Chromium page, on real HTTP servers: across origins where the server lets a page, and every server behind
// a proxy at the page's own origin. scripts/interop installs the servers and says where: EVERYWIRE_INTEROP.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { createRequire } from "node:module";
import { createServer as listen } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const npm = join(here, "../../npm");
const installed = process.env.EVERYWIRE_INTEROP;
const { chromium } = createRequire(join(npm, "package.json"))("playwright-core");
const TYPES = { mjs: "text/javascript", js: "text/javascript", wasm: "application/wasm" };
const PATIENCE = { timeout: 60_000 };

const python = (environment, script) => (mode) => [join(installed, environment, "bin/python"), [join(here, script), mode]];
const node = (script) => (mode) => [process.execPath, [join(installed, script), mode]];
const everything = node("node_modules/@modelcontextprotocol/server-everything/dist/index.js");
const [python1, python2] = [python("venv", "server.py"), python("venv2", "server2.py")];
const [typescript1, typescript2] = [node("server.mjs"), node("server2.mjs")];

// Who, how it is started, in which way, at which path, and what it has to become.
const SERVERS = [
  ["server-everything", everything, "streamableHttp", "/mcp", "http", "2025-11-25"],
  ["server-everything, HTTP+SSE", everything, "sse", "/sse", "http+sse", "2025-11-25"],
  ["Python 1, sessions", python1, "stateful", "/mcp/", "http", "2025-11-25"],
  ["Python 1, stateless", python1, "stateless", "/mcp/", "http", "2025-11-25"],
  ["Python 1, JSON", python1, "json", "/mcp/", "http", "2025-11-25"],
  ["Python 1, HTTP+SSE", python1, "sse", "/sse", "http+sse", "2025-11-25"],
  ["Python 2, sessions", python2, "stateful", "/mcp", "http", "2026-07-28"],
  ["Python 2, stateless", python2, "stateless", "/mcp", "http", "2026-07-28"],
  ["Python 2, JSON", python2, "json", "/mcp", "http", "2026-07-28"],
  ["TypeScript 1, sessions", typescript1, "stateful", "/mcp", "http", "2025-11-25"],
  ["TypeScript 2", typescript2, "auto", "/mcp", "http", "2026-07-28"],
];

async function start([command, args], asksForPort) {
  const env = { ...process.env };
  if (asksForPort) {
    const free = listen().listen(0, "127.0.0.1");
    await new Promise((done) => free.once("listening", done));
    env.PORT = String(free.address().port);
    await new Promise((done) => free.close(done));
  }
  const child = spawn(command, args, { cwd: installed, env, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.on("error", () => {});
  const lines = createInterface({ input: asksForPort ? child.stderr : child.stdout });
  (asksForPort ? child.stdout : child.stderr).resume();
  const port = await new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the server ended with ${code} before it listened`)));
    lines.on("line", (line) => (asksForPort ? line.includes(env.PORT) && resolve(+env.PORT) : resolve(+line)));
  });
  return { port, stop: () => child.kill("SIGKILL") };
}

/** The package's files and an empty page; every other path is the server's. */
async function pageBefore(port) {
  const server = createServer(async (asked, response) => {
    const type = TYPES[asked.url.split(".").at(-1)];
    if (asked.url === "/" || type) {
      response.writeHead(200, { "content-type": type ?? "text/html" });
      return response.end(type ? await readFile(join(npm, asked.url)) : "<!doctype html>");
    }
    const { origin, ...headers } = asked.headers;
    const forward = request({ port, host: "127.0.0.1", method: asked.method, path: asked.url, headers: { ...headers, host: `127.0.0.1:${port}` } }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    response.on("close", () => forward.destroy());
    forward.on("error", () => response.destroy());
    asked.pipe(forward);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const close = () => (server.closeAllConnections(), server.close());
  return { origin: `http://127.0.0.1:${server.address().port}`, close };
}

/** In the page: what came of it. */
async function use({ url, reference }) {
  const { connect } = await import("/index.mjs");
  const client = await connect(url, { name: "page", version: "1", onElicit: () => ({ action: "accept", content: { name: "Ada" } }) });
  const { transport, protocolVersion } = client.server;
  const tools = (await client.listToolsAll()).map((tool) => tool.name);
  const text = reference ? { message: "żółw" } : { text: "żółw" };
  const all = await Promise.all([1, 2, 3].map(() => client.callTool({ name: "echo", arguments: text })));
  client.close();
  return { transport, protocolVersion, tools, echoes: all.map((result) => result.content[0].text) };
}

let browser;
before(async () => {
  const args = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
});
after(() => browser.close());

for (const [who, program, mode, path, transport, protocolVersion] of SERVERS) {
  const reference = program === everything;
  // Of all of these only the reference server lets a page of another origin in.
  for (const way of reference ? ["across origins", "behind a proxy"] : ["behind a proxy"]) {
    test(`${who}, ${way}`, PATIENCE, async () => {
      const server = await start(program(mode), reference);
      const site = await pageBefore(server.port);
      const page = await browser.newPage();
      try {
        await page.goto(site.origin);
        const at = way === "behind a proxy" ? site.origin : `http://127.0.0.1:${server.port}`;
        const met = await page.evaluate(use, { url: at + path, reference });
        assert.deepEqual([met.transport, met.protocolVersion], [transport, protocolVersion]);
        assert.ok(met.tools.includes("echo"), String(met.tools));
        assert.deepEqual(met.echoes, Array(3).fill(reference ? "Echo: żółw" : "żółw"));
      } finally {
        await page.close();
        site.close();
        server.stop();
      }
    });
  }
}
