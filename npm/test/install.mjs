// What a user does: installs the tarball into an empty project and calls a tool on a real server, from Node.js.
// node install.mjs PROGRAM    where PROGRAM is the test server
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";

const npm = dirname(dirname(fileURLToPath(import.meta.url)));
const tarball = readdirSync(npm).find((name) => name.endsWith(".tgz"));
assert.ok(tarball, "there is no tarball in npm/; node npm/build.mjs makes it");

const project = mkdtempSync(join(tmpdir(), "everywire-install-"));
const server = spawn(process.argv[2], ["--port", "0"], { stdio: ["pipe", "pipe", "inherit"] });
try {
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }');
  const packages = [join(npm, tarball), join(npm, "node_modules/ws")];
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--offline", ...packages], { cwd: project, stdio: "inherit" });
  const [line] = await new Promise((resolve) => {
    const lines = [];
    createInterface(server.stdout).on("line", (text) => resolve(lines.concat(text)));
  });
  const url = `ws://127.0.0.1:${line.split(" ")[1]}/`;

  const { connect, EverywireError } = await import(pathToFileURL(join(project, "node_modules/everywire/node.mjs")).href);
  const { WebSocket } = await import(pathToFileURL(join(project, "node_modules/ws/wrapper.mjs")).href);

  for (const era of ["modern", "legacy"]) {
    const events = [];
    const client = await connect(url, {
      WebSocket,
      era,
      name: "install-test",
      version: "1.0.0",
      trace: true,
      onElicit: ({ message }) => ({ action: "accept", content: { name: message === "What is your name?" ? "Ada" : "?" } }),
      onEvent: (event) => events.push(event),
    });
    assert.equal(client.server.era, era);
    assert.equal(client.server.serverInfo.name, "test-server");
    assert.deepEqual(client.state, { status: "connected" });

    const tools = await client.listToolsAll();
    assert.deepEqual(tools.map((tool) => tool.name).sort(), ["ask", "count", "echo", "fail", "never", "steps"]);
    const text = async (params, options) => (await client.callTool(params, options)).content[0].text;
    assert.equal(await text({ name: "echo", arguments: { text: "hellö" } }), "hellö");
    assert.equal(await text({ name: "ask" }), "hello Ada");
    const steps = [];
    assert.equal(await text({ name: "steps" }, { onProgress: (step) => steps.push(step) }), "done");
    assert.deepEqual(steps.map(({ progress, total, message }) => [progress, total, message]), [
      [1, 3, "step 1"],
      [2, 3, "step 2"],
      [3, 3, "step 3"],
    ]);
    assert.equal((await client.callTool({ name: "fail" })).isError, true);
    assert.equal((await client.readResource("note:one")).contents[0].text, "a note");
    assert.equal((await client.listResourcesAll())[0].uri, "note:one");
    assert.equal((await client.listPromptsAll())[0].name, "greet");
    assert.equal((await client.getPrompt({ name: "greet", arguments: { name: "Ada" } })).messages[0].content.text, "Greet Ada.");
    await client.ping();

    const many = await Promise.all(Array.from({ length: 200 }, (_, n) => text({ name: "echo", arguments: { text: `${n}` } })));
    assert.deepEqual(many, Array.from({ length: 200 }, (_, n) => `${n}`));

    await assert.rejects(client.callTool({ name: "no such tool" }), (error) => {
      assert.ok(error instanceof EverywireError);
      assert.equal(error.code, "rpc");
      assert.equal(error.rpcCode, -32602);
      assert.equal(error.maybeExecuted, false);
      return true;
    });
    await assert.rejects(client.callTool({ name: "never" }, { timeout: 100 }), { code: "timeout", maybeExecuted: true });
    const controller = new AbortController();
    const aborted = client.callTool({ name: "never" }, { signal: controller.signal });
    controller.abort();
    await assert.rejects(aborted, { code: "cancelled" });
    await assert.rejects(client.callTool({ name: "echo", arguments: { big: 1n } }), { code: "encode" });

    if (era === "modern") {
      const outcome = await client.callOnce({ name: "ask" });
      assert.equal(outcome.status, "input_required");
      const done = await client.resume(JSON.parse(JSON.stringify(outcome)), { who: { action: "decline" } });
      assert.equal(done.result.content[0].text, "decline");
    }

    const metrics = client.metrics();
    assert.ok(metrics.completed >= 200 && metrics.inFlight === 0 && metrics.bytesOut > 1000, JSON.stringify(metrics));
    assert.equal(metrics.latency.buckets.length, 32);
    assert.ok(events.some((event) => event.type === "frame" && event.direction === "out" && event.text.includes("tools/call")));

    const waiting = client.callTool({ name: "never" });
    client.close();
    await assert.rejects(waiting, { code: "closed" });
    await assert.rejects(client.listTools(), { code: "closed" });
    assert.equal(client.state.status, "closed");
  }

  let closed;
  const ended = new Promise((resolve) => (closed = resolve));
  const last = await connect(url, {
    WebSocket,
    reconnect: false,
    onEvent: (event) => event.type === "state" && event.state.status === "closed" && closed(event.state),
  });
  server.stdin.end();
  const { reason } = await ended;
  assert.ok(reason instanceof EverywireError && reason.message.includes("1001"), String(reason));
  assert.equal(last.state.reason.code, reason.code);
  await assert.rejects(last.ping(), { code: "closed" });

  await assert.rejects(connect("ws://127.0.0.1:9/", { WebSocket, reconnect: false }), { code: "connect_failed" });
  console.log("installed, connected and called in both eras");
} finally {
  server.stdin.end();
  rmSync(project, { recursive: true, force: true });
}
