// Fails if a page that uses the client over WebSocket loads more than wasm-pack.toml allows: everything minified, in brotli bytes.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { build as bundle } from "esbuild";
import { parse } from "smol-toml";

const here = dirname(fileURLToPath(import.meta.url));
const recipe = parse(readFileSync(join(here, "../wasm-pack.toml"), "utf8"));
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 } };
const brotli = (bytes) => brotliCompressSync(bytes, quality).length;

const { outputFiles } = await bundle({
  entryPoints: [join(here, "index.mjs")],
  bundle: true,
  // Loaded only by whoever looks for the reason of a failure.
  external: ["./doctor.mjs"],
  minify: true,
  format: "esm",
  write: false,
  logLevel: "error",
});
const script = brotli(outputFiles[0].contents);
const module = brotli(readFileSync(join(here, "..", recipe.build["out-dir"], `${recipe.build["out-name"]}_bg.wasm`)));
const limit = recipe.budget.brotli;
const sum = `${script + module} bytes of ${limit} (wasm ${module}, JavaScript ${script}; brotli)`;
if (script + module > limit) {
  console.error(`npm size: over the budget: ${sum}`);
  process.exit(1);
}
console.log(`npm size: ${sum}`);
