// Chromium over the bare DevTools protocol.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";

const FLAGS = [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
];

export async function launch(program) {
  const profile = mkdtempSync(join(tmpdir(), "everywire-bench-"));
  const child = spawn(program, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const address = await new Promise((resolve, reject) => {
    let said = "";
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${program} ended: ${said.slice(-300)}`)));
    child.stderr.on("data", (part) => {
      said += part;
      const found = /DevTools listening on (ws:\S+)/.exec(said);
      if (found) resolve(found[1]);
    });
  });
  const socket = new WebSocket(address, { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const waiting = new Map();
  const loads = new Map();
  let next = 1;
  socket.on("message", (text) => {
    const { id, result, error, method, sessionId } = JSON.parse(text);
    if (method === "Page.loadEventFired") loads.get(sessionId)?.();
    const waiter = waiting.get(id);
    if (!waiter) return;
    waiting.delete(id);
    if (error) waiter.reject(new Error(error.message));
    else waiter.resolve(result);
  });
  const send = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify({ id, method, params, sessionId }));
    });
  return {
    version: (await send("Browser.getVersion")).product,
    /**
     * Opens a page and waits until it is loaded. `evaluate` evaluates in it; `busy` is the CPU time that its main thread has spent on
     * tasks, in seconds, counted from its first use on.
     */
    async page(url) {
      const { targetId } = await send("Target.createTarget", { url: "about:blank" });
      const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
      await send("Page.enable", {}, sessionId);
      const loaded = new Promise((resolve) => loads.set(sessionId, resolve));
      await send("Page.navigate", { url }, sessionId);
      await loaded;
      const evaluate = async (expression) => {
        const { result, exceptionDetails } = await send(
          "Runtime.evaluate",
          { expression, awaitPromise: true, returnByValue: true },
          sessionId,
        );
        if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
        return result.value;
      };
      let counting;
      const busy = async () => {
        // Ticks of the thread, not of the clock: what else the machine does is not counted.
        await (counting ??= send("Performance.enable", { timeDomain: "threadTicks" }, sessionId));
        const { metrics } = await send("Performance.getMetrics", {}, sessionId);
        return metrics.find(({ name }) => name === "TaskDuration").value;
      };
      return { evaluate, busy };
    },
    async close() {
      await send("Browser.close").catch(() => {});
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
