// node run.mjs [--rounds 9] [--calls 3000] [--json]
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";
import { launch } from "./chromium.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const { values } = parseArgs({
  options: { rounds: { type: "string", default: "9" }, calls: { type: "string", default: "3000" }, json: { type: "boolean" } },
});
const rounds = Number(values.rounds);
const calls = Number(values.calls);

const brotli = (bytes) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 } }).length;
const median = (all) => all.toSorted((a, b) => a - b)[all.length >> 1];

const bundle = async (contents) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].contents;
};

/** A contender with its page's code, or nothing where its package is not installed. */
async function prepare(file) {
  const source = readFileSync(join(here, "contenders", file), "utf8");
  const name = /export const name = "([^"]+)"/.exec(source)[1];
  const wasm = /export const wasm = "([^"]+)"/.exec(source)?.[1];
  for (const [, wanted] of source.matchAll(/ from "([^"]+)"/g)) {
    try {
      require.resolve(wanted);
    } catch {
      console.error(`${name}: left out, for ${wanted} is not installed here.`);
      return undefined;
    }
  }
  const id = file.replace(".mjs", "");
  const module = wasm && readFileSync(require.resolve(wasm));
  const script = await bundle(`import * as contender from "./contenders/${file}"; import { bench } from "./page.mjs"; bench(contender);`);
  const alone = await bundle(`export { connect } from "./contenders/${file}";`);
  return { id, name, module, script, weight: brotli(alone) + (module ? brotli(module) : 0), small: [], big: [] };
}

const files = readdirSync(join(here, "contenders")).filter((file) => file.endsWith(".mjs"));
const contenders = (await Promise.all(files.map(prepare))).filter(Boolean);

const server = createServer((request, response) => {
  const [, id, kind] = request.url.split("/");
  const contender = contenders.find((one) => one.id === id);
  const [type, body] = {
    page: ["text/html", `<!doctype html><title>${id}</title><script type="module" src="script"></script>`],
    script: ["text/javascript", contender?.script],
    module: ["application/wasm", contender?.module],
  }[kind] ?? ["text/plain", undefined];
  response.writeHead(body ? 200 : 404, { "content-type": type }).end(body);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await launch(process.env.CHROMIUM ?? "chromium");
try {
  for (const contender of contenders) {
    contender.evaluate = await browser.page(`${origin}/${contender.id}/page`);
    await contender.evaluate(`begin("${origin}/${contender.id}/module", ${calls * 3})`);
  }
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const { small, big } = await contender.evaluate(`round(${calls})`);
      contender.small.push(small);
      contender.big.push(big);
    }
  }
} finally {
  await browser.close();
  server.close();
}

const results = contenders.map(({ id, name, weight, small, big }) => ({ id, name, weight, small: median(small), big: median(big) }));
if (values.json) console.log(JSON.stringify({ browser: browser.version, rounds, calls, results }, null, 2));
else {
  const floor = results.find(({ id }) => id === "plain");
  const rows = results.toSorted((a, b) => a.small - b.small);
  console.log(`${browser.version}, median of ${rounds} rounds of ${calls} calls\n`);
  console.log("| client | 64 B, µs | times plain | 1 MiB, ms | times plain | weight, bytes |\n|---|--:|--:|--:|--:|--:|");
  for (const { name, small, big, weight } of rows) {
    const ratio = (value, of) => (value / of).toFixed(2);
    console.log(
      `| ${name} | ${small.toFixed(2)} | ${ratio(small, floor.small)} | ${big.toFixed(2)} | ${ratio(big, floor.big)} | ${weight} |`,
    );
  }
}
