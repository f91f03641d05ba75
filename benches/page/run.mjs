// Over a WebSocket in memory.  node run.mjs [--rounds 9] [--calls 3000] [--json]
import { parseArgs } from "node:util";
import { launch } from "./chromium.mjs";
import { median, prepareAll, servePages } from "./contenders.mjs";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "9" }, calls: { type: "string", default: "3000" }, json: { type: "boolean" } },
});
const rounds = Number(values.rounds);
const calls = Number(values.calls);

const contenders = await prepareAll("contenders", "page.mjs");
const pages = await servePages(contenders);
const browser = await launch(process.env.CHROMIUM ?? "chromium");
try {
  for (const contender of contenders) {
    Object.assign(contender, { small: [], big: [], page: await browser.page(`${pages.origin}/${contender.id}/page`) });
    await contender.page.evaluate(`begin("${pages.origin}/${contender.id}/module", ${calls * 3})`);
  }
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const { small, big } = await contender.page.evaluate(`round(${calls})`);
      contender.small.push(small);
      contender.big.push(big);
    }
  }
} finally {
  await browser.close();
  pages.close();
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
