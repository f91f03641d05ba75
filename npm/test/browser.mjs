// A browser, pages of this package's own files, and servers at other origins that misbehave on purpose.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = new URL("..", import.meta.url);
const TYPES = { mjs: "text/javascript", js: "text/javascript", wasm: "application/wasm" };

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
  });

/** The package's files, and an empty page for every other path; `policy` is its Content-Security-Policy. */
async function answer(path, policy) {
  const type = TYPES[path.split(".").at(-1)];
  if (!type) return { headers: { "content-type": "text/html", ...(policy && { "content-security-policy": policy }) }, body: "<!doctype html>" };
  return { headers: { "content-type": type }, body: await readFile(fileURLToPath(new URL(`.${path}`, root))) };
}

/**
 * Opens a page of a server on this machine, or of `origin`, for which nobody is asked: the browser does not take that for local.
 * `policy` is its Content-Security-Policy.
 */
export async function open(browser, { origin, policy } = {}) {
  const page = await (await browser.newContext()).newPage();
  if (origin !== undefined) await page.route(`${origin}/**`, async (route) => route.fulfill(await answer(new URL(route.request().url()).pathname, policy)));
  else {
    const server = await serve(async (request, response) => {
      const { headers, body } = await answer(request.url, policy);
      response.writeHead(200, headers).end(body);
    });
    page.once("close", server.close);
    origin = new URL(server.url).origin;
  }
  await page.goto(`${origin}/`);
  return page;
}

const servers = new Set();

/** Closes what a test that failed left behind: it would hold the run open. A client that does so is not helped. */
export const closeServers = () => Promise.all([...servers].map((close) => close()));

/** A server that notes what it is asked, and answers as `handle` says. */
export async function serve(handle) {
  const log = [];
  const server = createServer((request, response) => {
    log.push(request.method);
    handle(request, response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise((resolve) => {
      servers.delete(close);
      server.close(resolve);
      server.closeAllConnections();
    });
  servers.add(close);
  return { url: `http://127.0.0.1:${server.address().port}/mcp`, log, close };
}
