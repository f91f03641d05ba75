// Finds the contenders of one folder and builds the code of their pages.
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

export const median = (all) => all.toSorted((a, b) => a - b)[all.length >> 1];

const brotli = (bytes) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 } }).length;

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
async function prepare(folder, page, file) {
  const source = readFileSync(join(here, folder, file), "utf8");
  const name = /export const name = "([^"]+)"/.exec(source)[1];
  const wasm = /export const wasm = "([^"]+)"/.exec(source)?.[1];
  for (const [, wanted] of source.matchAll(/ from "([^".][^"]*)"/g)) {
    try {
      require.resolve(wanted);
    } catch {
      console.error(`${name}: left out, for ${wanted} is not installed here.`);
      return undefined;
    }
  }
  const id = file.replace(".mjs", "");
  const module = wasm && readFileSync(require.resolve(wasm));
  const script = await bundle(`import * as contender from "./${folder}/${file}"; import { bench } from "./${page}"; bench(contender);`);
  const alone = await bundle(`export { connect } from "./${folder}/${file}";`);
  return { id, name, module, script, weight: brotli(alone) + (module ? brotli(module) : 0) };
}

/** The contenders of `folder`; each has a page that runs `bench` of `page` with it. */
export async function prepareAll(folder, page) {
  const files = readdirSync(join(here, folder)).filter((file) => file.endsWith(".mjs"));
  return (await Promise.all(files.map((file) => prepare(folder, page, file)))).filter(Boolean);
}

/** Serves the contenders' pages; gives the origin and the way to end it. */
export async function servePages(contenders) {
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
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
