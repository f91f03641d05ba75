// The doctor in a real browser, and servers with one fault each.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeServers, launch, open, serve } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => {
  await browser.close();
  await closeServers();
});

/** Stands for the page's own origin in what servers answer and the doctor says. */
const PAGE = "<page>";
const named = (value, origin) => JSON.parse(JSON.stringify(value).replaceAll(PAGE, origin));

/** Asks the doctor in a page about a server that answers with these headers. */
async function examine({ preflight = {}, answer = {}, status = 405, handle, page = {}, url, options = {} }) {
  let origin;
  const server = await serve(
    handle ??
      ((request, response) =>
        request.method == "OPTIONS"
          ? response.writeHead(preflight.status ?? 204, named(preflight.headers ?? {}, origin)).end()
          : response.writeHead(status, named(answer, origin)).end("{}")),
  );
  const tab = await open(browser, page);
  origin = new URL(tab.url()).origin;
  try {
    const diagnosis = await tab.evaluate(
      async ([address, wanted]) => {
        const { diagnose } = await import("/doctor.mjs");
        const steps = [];
        const found = await diagnose(address, { ...wanted, onProgress: (step) => steps.push(step) });
        return { ...found, steps };
      },
      [named(url ?? server.url, origin), options],
    );
    assert.ok(!server.log.includes("POST"), "what might act is never sent");
    assert.equal(diagnosis.origin, origin);
    const found = JSON.parse(JSON.stringify(diagnosis).replaceAll(origin, PAGE));
    return { ...found, log: server.log, kinds: found.causes.map(({ kind, certainty }) => `${kind} ${certainty}`) };
  } finally {
    await tab.context().close();
    await server.close();
  }
}

const ORIGIN = { "access-control-allow-origin": PAGE };
const HEADERS = ["content-type", "mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id", "authorization", "mcp-param-region"];
const allowing = (names, more) => ({ headers: { ...ORIGIN, "access-control-allow-headers": names.join(", "), ...more } });

test("everything that can be tried is allowed", async () => {
  const found = await examine({ answer: ORIGIN, preflight: allowing(HEADERS), options: { headers: HEADERS } });
  assert.deepEqual(found.kinds, ["answer_without_cors possible"]);
  assert.deepEqual(found.log, ["GET", "OPTIONS", "GET"]);
  assert.deepEqual(found.steps.map(({ done, what }) => `${done} ${what}`), [
    "0 GET without headers of its own",
    `1 GET with ${HEADERS.join(", ")}`,
  ]);
  assert.deepEqual(found.causes[0].evidence, ["GET without headers of its own: answered with 405", `GET with ${HEADERS.join(", ")}: answered with 405`]);
});

test("nobody is there", async () => {
  const server = await serve(() => {});
  await server.close();
  const found = await examine({ url: `${server.url}?ticket=hush` });
  assert.equal(found.kinds[0], "unreachable likely");
  assert.equal(found.steps.length, 2);
  assert.ok(!JSON.stringify(found).includes("hush"));
  assert.ok(!found.kinds.some((kind) => kind.startsWith("certificate")), "there is none");
});

test("somebody is there and never answers", async () => {
  const found = await examine({ handle: () => {}, options: { timeout: 300 } });
  assert.equal(found.kinds[0], "unreachable likely");
  assert.match(found.causes[0].evidence[0], /no answer within 300 ms/);
});

test("the origin is refused", async () => {
  for (const headers of [{}, { "access-control-allow-origin": "https://other.example" }]) {
    const found = await examine({ answer: headers, preflight: allowing(HEADERS) });
    assert.deepEqual(found.kinds, ["origin_refused likely"]);
    assert.deepEqual(found.causes[0].headers, [`Access-Control-Allow-Origin: ${PAGE}`]);
    assert.deepEqual(found.log, ["GET", "GET"]);
  }
});

test("a header is refused, and named", async () => {
  const allowed = HEADERS.filter((name) => name != "mcp-param-region" && name != "mcp-name");
  const found = await examine({ answer: ORIGIN, preflight: allowing(allowed), options: { headers: ["Accept", ...HEADERS] } });
  assert.deepEqual(found.kinds, ["header_refused likely", "header_refused likely"]);
  assert.deepEqual(found.causes.map(({ header }) => header), ["mcp-name", "mcp-param-region"]);
  assert.deepEqual(found.causes[0].headers, [`Access-Control-Allow-Headers: ${HEADERS.join(", ")}`]);
  assert.equal(found.steps.length, 2 + HEADERS.length);
  assert.equal(found.steps.at(-1).of, 2 + HEADERS.length);

  const token = await examine({ answer: ORIGIN, preflight: allowing(["mcp-name"]), options: { headers: ["mcp-name", "authorization"] } });
  assert.deepEqual(token.causes.map(({ header }) => header), ["authorization"]);
  assert.match(token.causes[0].fix, /by its name/);
  const only = await examine({ answer: ORIGIN, preflight: allowing([]), options: { headers: ["mcp-name"] } });
  assert.deepEqual([only.kinds, only.steps.length], [["header_refused likely"], 2]);
});

test("the preflight itself is refused", async () => {
  const found = await examine({ answer: ORIGIN, preflight: { status: 401, headers: ORIGIN } });
  assert.deepEqual(found.kinds, ["preflight_refused likely"]);
  assert.match(found.causes[0].fix, /OPTIONS/);
  assert.ok(found.causes[0].headers.includes("Access-Control-Allow-Headers: content-type, mcp-protocol-version, mcp-method, mcp-name, mcp-session-id"));
});

test("credentials are refused where the origin is not named in full", async () => {
  const star = { "access-control-allow-origin": "*" };
  const found = await examine({ answer: star, options: { credentials: "include" } });
  assert.deepEqual(found.kinds, ["credentials_refused likely"]);
  assert.deepEqual(found.causes[0].headers, [`Access-Control-Allow-Origin: ${PAGE}`, "Access-Control-Allow-Credentials: true"]);
  assert.deepEqual((await examine({ answer: star, preflight: { headers: { ...star, "access-control-allow-headers": "*" } } })).kinds, ["answer_without_cors possible"]);
});

test("the page's own policy forbids it", async () => {
  const found = await examine({ answer: ORIGIN, page: { policy: "connect-src 'self'" } });
  assert.deepEqual(found.kinds, ["csp certain"]);
  assert.deepEqual(found.log, []);
  assert.match(found.causes[0].fix, /Add http:\/\/127\.0\.0\.1:\d+ to connect-src/);
});

test("plain http is kept from a page that came over https", async () => {
  const found = await examine({ url: "http://mcp.example/mcp", page: { origin: "https://page.example" } });
  assert.deepEqual(found.kinds, ["mixed_content certain"]);
  assert.equal(found.steps.length, 0);
  const name = await examine({ url: "https://mcp.invalid/mcp", page: { origin: "https://page.example" } });
  assert.deepEqual(name.kinds, ["unreachable likely", "certificate possible"]);
});

test("a page from elsewhere is kept from this machine", async () => {
  const found = await examine({ answer: { "access-control-allow-origin": "*" }, page: { origin: "https://page.example" } });
  assert.deepEqual(found.kinds, ["local_network likely", "unreachable possible"]);
  assert.deepEqual(found.log, []);
});

test("a redirect", async () => {
  const found = await examine({ answer: { ...ORIGIN, location: "/mcp/" }, status: 307 });
  assert.deepEqual(found.kinds, ["redirected likely"]);
});

test("a header of the answer that was not seen has to be exposed", async () => {
  const found = await examine({ answer: ORIGIN, preflight: allowing(HEADERS), options: { missing: ["Mcp-Session-Id"] } });
  assert.deepEqual(found.kinds, ["header_not_exposed likely"]);
  assert.deepEqual(found.causes[0].headers, ["Access-Control-Expose-Headers: Mcp-Session-Id"]);
});

test("the page's own server needs no permission", async () => {
  const found = await examine({ url: `${PAGE}/mcp` });
  assert.deepEqual(found.kinds, ["answer_without_cors possible"]);
  assert.equal(found.steps.length, 1);
});

test("a stream that answers is let go at once", async () => {
  let closed;
  const gone = new Promise((resolve) => (closed = resolve));
  const streams = (request, response) => {
    if (request.method == "OPTIONS") return response.writeHead(204, { "access-control-allow-origin": "*", "access-control-allow-headers": "*" }).end();
    response.on("close", closed);
    response.writeHead(200, { "access-control-allow-origin": "*", "content-type": "text/event-stream" }).write(": here\n\n");
  };
  const found = await examine({ handle: streams, options: { headers: ["mcp-name"] } });
  assert.deepEqual(found.kinds, ["answer_without_cors possible"]);
  await gone;
});

test("it can be stopped", async () => {
  const server = await serve(() => {});
  const tab = await open(browser);
  const said = await tab.evaluate(async (url) => {
    const { diagnose } = await import("/doctor.mjs");
    const controller = new AbortController();
    const pending = diagnose(url, { signal: controller.signal, onProgress: () => setTimeout(() => controller.abort("enough")) });
    return pending.catch((reason) => reason);
  }, server.url);
  assert.equal(said, "enough");
  await tab.context().close();
  await server.close();
});
