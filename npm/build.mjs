// Builds the npm package as wasm-pack.toml declares it: wasm-pack, wasm-opt, tarball. size.mjs holds the result to its budget.
// node build.mjs [--no-tarball]
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";
import { forgetPlaces, rename, trapAtOnce } from "./slim.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const toml = (name) => parse(readFileSync(join(root, name), "utf8"));
const recipe = toml("wasm-pack.toml");
const dist = join(root, recipe.build["out-dir"]);
const out = recipe.build["out-name"];
const wasm = join(dist, `${out}_bg.wasm`);
const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
const say = (text) => console.log(`npm build: ${text}`);
const stop = (text) => {
  console.error(`npm build failed: ${text}`);
  process.exit(1);
};

const run = (command, args, env = {}) => {
  const path = [join(here, "node_modules/.bin"), join(root, ".tools/bin"), process.env.PATH].join(delimiter);
  try {
    return execFileSync(command, args, {
      cwd: root,
      env: { ...process.env, ...env, PATH: path },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
  } catch (error) {
    if (error.code === "ENOENT") stop(`${command} is not installed; scripts/setup installs it.`);
    return stop(`${command} ${args[0]} ended with status ${error.status}.\n${error.stdout ?? ""}`);
  }
};

function checkVersions() {
  const { version } = toml("Cargo.toml").package;
  const npm = JSON.parse(readFileSync(join(here, "package.json"), "utf8")).version;
  const layer = /VERSION = "([^"]+)"/.exec(readFileSync(join(here, "options.mjs"), "utf8"))?.[1];
  if (npm !== version || layer !== version)
    stop(`Cargo.toml says version ${version}, package.json ${npm}, options.mjs ${layer}; they must agree.`);
}

function compile() {
  const { target, profile, features, rustflags } = recipe.build;
  rmSync(dist, { recursive: true, force: true });
  // The types and the package.json are written by hand. wasm-opt runs below, where it is checked.
  run(
    "wasm-pack",
    ["build", join(root, "npm/wasm"), "--mode", "no-install", "--target", target, "--profile", profile, "--out-dir", dist, "--out-name", out,
      "--no-typescript", "--no-pack", "--no-opt", "--no-gitignore", "--", "--no-default-features", "--features", features.join(",")],
    { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: rustflags.join(" ") },
  );
  if (!existsSync(wasm)) stop(`wasm-pack made no ${wasm}; it made ${readdirSync(dist)}.`);
}

function optimise() {
  const { version, flags } = recipe["wasm-opt"];
  const found = run("wasm-opt", ["--version"]).trim();
  if (!found.includes(`version ${version}`)) stop(`wasm-opt must be version ${version}, but is "${found}"; run npm ci in npm/.`);
  const before = statSync(wasm).size;
  const emptied = trapAtOnce(wasm);
  // Too few: the names of the standard library's functions have changed.
  if (emptied < 20) stop(`only ${emptied} panicking functions were found; look at the names in npm/slim.mjs.`);
  forgetPlaces(wasm);
  run("wasm-opt", [wasm, "-o", `${wasm}.opt`, ...flags]);
  // Names with hashes do not compress. A run of its own: --converge would do it again and again.
  const enabled = flags.filter((flag) => flag.startsWith("--enable-"));
  rename(join(dist, `${out}.js`), run("wasm-opt", [`${wasm}.opt`, "-o", wasm, "-Oz", "--minify-imports-and-exports-and-modules", "--strip-target-features", ...enabled]));
  rmSync(`${wasm}.opt`);
  const after = statSync(wasm).size;
  if (after >= before) stop(`wasm-opt did not shrink the module: ${before} bytes before, ${after} after.`);
  say(`wasm-opt: ${kB(before)} -> ${kB(after)}`);
}

function pack() {
  for (const name of ["CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(join(root, name), join(here, name));
  for (const name of readdirSync(here)) if (name.endsWith(".tgz")) rmSync(join(here, name));
  const [{ filename, size, files }] = JSON.parse(run("npm", ["pack", here, "--json", "--pack-destination", here, "--ignore-scripts"]));
  const names = files.map((file) => file.path);
  for (const name of JSON.parse(readFileSync(join(here, "package.json"), "utf8")).files)
    if (!names.includes(name)) stop(`the tarball lacks ${name}, which package.json lists.`);
  say(`tarball: npm/${filename}, ${kB(size)}`);
}

checkVersions();
compile();
optimise();
if (!process.argv.includes("--no-tarball")) pack();
