// Runs the official conformance suite and compares what it finds with expected.json, scenario by scenario.
// node run.mjs --suite FOLDER --out FOLDER [--update] [--only TEXT] SUBJECT=COMMAND…
//   --suite   where npm installed the suite      --out   where its reports go
//   --only    the scenarios whose name has this text; the others are neither run nor compared
//   SUBJECT   client or wasm: the suite starts the command for each scenario, with the URL of a server of its own;
//             server: the command prints its URL in its first line
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const REVISIONS = ["2025-11-25", "2026-07-28"];
/** What the project does not do yet, authorization and the extension for tasks: a scenario of such a name is left out. */
const LATER = /^(auth\/|tasks-)/;
/** How many scenarios run at a time. Not more than there are cores: the suite has limits of half a second. */
const AT_A_TIME = Math.max(2, availableParallelism());
const PATIENCE = 30_000;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { suite: { type: "string" }, out: { type: "string" }, update: { type: "boolean" }, only: { type: "string", default: "" } },
});
const expectedFile = join(dirname(fileURLToPath(import.meta.url)), "expected.json");
const suite = join(options.suite, "node_modules/@modelcontextprotocol/conformance");
const found = {};
const problems = [];
const began = Date.now();
let finished = 0;
let planned = 0;

/** The names that a revision's set of requirements has for servers or clients. */
function scenarios(revision, leg) {
  const names = [];
  let section, name;
  for (const line of readFileSync(join(suite, `requirements/${revision}.yaml`), "utf8").split("\n")) {
    section = /^(\w+):/.exec(line)?.[1] ?? section;
    const scored = /^\s+- ([^\s:]+)$/.exec(line)?.[1];
    if (scored && section === leg) names.push(scored);
    name = /^\s+- scenario: (\S+)/.exec(line)?.[1] ?? name;
    if (section === "not_scored" && /^\s+leg: (\S+)/.exec(line)?.[1] === leg) names.push(name);
  }
  return names.filter((name) => !LATER.test(name) && name.includes(options.only));
}

/** Ends with the status of a process; its lines go to a log and to `onLine`. */
function run(command, args, log, onLine = () => {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    const lines = [];
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on("line", (line) => {
        lines.push(line);
        onLine(line);
      });
    child.on("error", reject);
    child.on("close", (status) => {
      writeFileSync(log, lines.join("\n") + "\n");
      resolve(status);
    });
  });
}

const runSuite = (args, log, onLine) => run(process.execPath, [join(suite, "dist/index.js"), ...args], log, onLine);

/** What the suite wrote of a scenario, in a word or a line. The number is of different checks that were passed. */
function verdict(folder, name) {
  // The suite appends the time to the folder's name.
  const of = readdirSync(dirname(join(folder, name))).find((entry) => join(dirname(name), entry).replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, "") === name);
  const file = of && join(folder, dirname(name), of, "checks.json");
  if (!file || !existsSync(file)) return "no report";
  const checks = JSON.parse(readFileSync(file, "utf8"));
  const ids = (status) => [...new Set(checks.filter((check) => check.status === status).map((check) => check.id))].sort();
  const [passed, failed, warned] = [ids("SUCCESS"), ids("FAILURE"), ids("WARNING")];
  if (failed.length) return `failed: ${failed.join(", ")}`;
  if (warned.length) return `passed ${passed.length}, with warnings: ${warned.join(", ")}`;
  return passed.length ? `passed ${passed.length}` : "skipped";
}

function report(subject, revision, name, result) {
  ((found[subject] ??= {})[revision] ??= {})[name] = result;
  finished += 1;
  const seconds = Math.round((Date.now() - began) / 1000);
  console.log(`[${String(finished).padStart(3)}/${planned}] ${seconds} s  ${subject} ${revision} ${name}: ${result}`);
}

/** One scenario, one client. */
const clientJob = (subject, command, revision, name) => async () => {
  const out = join(options.out, subject, revision);
  const log = join(out, `${name}.log`);
  const args = ["client", "--command", command, "--scenario", name, "--spec-version", revision, "--force"];
  const status = await runSuite([...args, "--timeout", `${PATIENCE}`, "-o", out], log);
  const result = verdict(out, name);
  // The suite looks at its checks, and then at how the client ended.
  report(subject, revision, name, status === 0 || !/^passed \d+$/.test(result) ? result : `failed: the client did not end in order, see ${log}`);
};

/** All scenarios of a revision against one server, one after the other: the suite does so in one process. */
const serverJob = (subject, command, revision, names) => async () => {
  const out = join(options.out, subject, revision);
  const { child, url } = await serve(command);
  try {
    const scenario = options.only ? names.map((name) => ["--scenario", name, "--spec-version", revision, "--force"]) : [["--requirements", revision]];
    for (const which of scenario) {
      let name = options.only ? which[1] : undefined;
      const log = join(out, `${name ?? "suite"}.log`);
      await runSuite(["server", "--url", url, ...which, "--timeout", `${PATIENCE}`, "-o", out], log, (line) => {
        name = /^=== Running scenario: (\S+) ===/.exec(line)?.[1] ?? name;
        if (/^Results saved to /.test(line) && names.includes(name)) report(subject, revision, name, verdict(out, `server-${name}`));
      });
    }
  } finally {
    child.kill();
  }
  for (const name of names) if (!found[subject]?.[revision]?.[name]) report(subject, revision, name, "no report");
};

/** Starts the server under test. It is ready when it says where it is. */
function serve(command) {
  return new Promise((resolve, reject) => {
    const [program, ...args] = command.split(" ");
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    createInterface(child.stdout).once("line", (url) => resolve({ child, url }));
    child.once("error", reject);
    child.once("exit", (status) => reject(new Error(`${command} ended with status ${status} before it said its URL`)));
  });
}

function jobs() {
  const long = [];
  const short = [];
  for (const subject of positionals) {
    const [name, command] = subject.split(/=(.*)/s);
    for (const revision of REVISIONS) {
      mkdirSync(join(options.out, name, revision), { recursive: true });
      const names = scenarios(revision, name === "server" ? "server" : "client");
      planned += names.length;
      if (name === "server") names.length && long.push(serverJob(name, command, revision, names));
      else short.push(...names.map((scenario) => clientJob(name, command, revision, scenario)));
    }
  }
  return [...long, ...short];
}

/** Every difference between what was found and what was expected, of what was run. */
function differences(expected) {
  const lines = [];
  for (const subject in found)
    for (const revision in found[subject]) {
      const [want, have] = [expected[subject]?.[revision] ?? {}, found[subject][revision]];
      const names = Object.keys(want).filter((name) => name.includes(options.only));
      for (const name of new Set([...names, ...Object.keys(have)]))
        if (want[name] !== have[name])
          lines.push(`${subject} ${revision} ${name}\n    expected  ${want[name] ?? "nothing"}\n    found     ${have[name] ?? "nothing"}`);
    }
  return lines;
}

/** Scenarios in the order of their names, so that a new result shows as one changed line. */
function kept(expected) {
  for (const subject in found)
    for (const revision in found[subject]) {
      const all = { ...(options.only ? expected[subject]?.[revision] : {}), ...found[subject][revision] };
      (expected[subject] ??= {})[revision] = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
    }
  return expected;
}

rmSync(options.out, { recursive: true, force: true });
const queue = jobs();
await Promise.all(
  Array.from({ length: AT_A_TIME }, async () => {
    for (let job; (job = queue.shift()); ) await job().catch((error) => problems.push(error.message));
  }),
);

const expected = existsSync(expectedFile) ? JSON.parse(readFileSync(expectedFile, "utf8")) : {};
if (options.update && !problems.length) writeFileSync(expectedFile, JSON.stringify(kept(expected), null, 2) + "\n");
else problems.push(...differences(expected));
const all = Object.values(found).flatMap((subject) => Object.values(subject).flatMap(Object.values));
console.log(`${all.length} scenarios, ${all.filter((result) => /^passed \d+$/.test(result)).length} passed without a warning, in ${Math.round((Date.now() - began) / 1000)} s; reports in ${options.out}`);
if (problems.length) {
  console.log(`Other than tests/conformance/expected.json says:\n${problems.join("\n")}`);
}
// A server that does not end when it is told to keeps nobody waiting.
process.exit(problems.length ? 1 : 0);
