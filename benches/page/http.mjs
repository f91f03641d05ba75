// Over Streamable HTTP.  node http.mjs [--rounds 9] [--calls 500] [--only plain,everywire-modern] [--json]
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { launch } from "./chromium.mjs";
import { median, prepareAll, servePages } from "./contenders.mjs";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "9" }, calls: { type: "string", default: "500" }, json: { type: "boolean" }, only: { type: "string" } },
});
const rounds = Number(values.rounds);
const calls = Number(values.calls);
const kinds = ["json", "sse"];

const only = values.only?.split(",");
const contenders = (await prepareAll("contenders-http", "http-page.mjs")).filter(({ id }) => only?.includes(id) ?? true);
const pages = await servePages(contenders);
const thread = new Worker(new URL("http-peer.mjs", import.meta.url));
const peer = await new Promise((resolve, reject) => thread.once("message", resolve).once("error", reject));
const browser = await launch(process.env.CHROMIUM ?? "chromium");
try {
  for (const contender of contenders) {
    Object.assign(contender, { json: [], sse: [], page: await browser.page(`${pages.origin}/${contender.id}/page`) });
    await contender.page.evaluate(`begin("${peer}", "${pages.origin}/${contender.id}/module")`);
    // Until the compilers have done what they will.
    for (const kind of kinds) await contender.page.evaluate(`round("${kind}", ${Math.max(1500, calls * 2)})`);
  }
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      for (const kind of kinds) {
        const before = await contender.page.busy();
        await contender.page.evaluate(`round("${kind}", ${calls})`);
        contender[kind].push((((await contender.page.busy()) - before) / calls) * 1e6);
      }
    }
  }
} finally {
  await browser.close();
  pages.close();
  await thread.terminate();
}

const results = contenders.map(({ id, name, weight, json, sse }) => ({ id, name, weight, json: median(json), sse: median(sse) }));
if (values.json) console.log(JSON.stringify({ browser: browser.version, rounds, calls, results }, null, 2));
else {
  const floor = results.find(({ id }) => id === "plain");
  const rows = results.toSorted((a, b) => a.json - b.json);
  console.log(`${browser.version}, median of ${rounds} rounds of ${calls} calls\n`);
  console.log("| client | JSON, µs | times plain | event stream, µs | times plain | weight, bytes |\n|---|--:|--:|--:|--:|--:|");
  for (const { name, json, sse, weight } of rows) {
    const ratio = (value, of) => (value / of).toFixed(2);
    console.log(`| ${name} | ${json.toFixed(1)} | ${ratio(json, floor.json)} | ${sse.toFixed(1)} | ${ratio(sse, floor.sse)} | ${weight} |`);
  }
}
