// The page that the program's bridge serves, the bridge, and child processes behind it. Set EVERYWIRE_BIN to the program; the example
// `bridge_backend` is beside it.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { Bridge, call, choose, launch, open, overflow, shot, tryNow, violations, type Opened } from "./harness";

let browser: Browser;
const started: Bridge[] = [];

beforeAll(async () => {
  browser = await launch();
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await Promise.all(started.splice(0).map((one) => one.stop()));
});
afterAll(() => browser.close());

async function bridge(options: readonly string[] = [], ...command: readonly string[]): Promise<Bridge> {
  const one = await new Bridge().start(options, ...(command.length > 0 ? command : [Bridge.backend]));
  started.push(one);
  return one;
}

const page = (of: Bridge, link = of.link): Promise<Opened> => open(browser, { link, servers: [new URL(of.link).origin] });
const connected = (page: Page): Promise<void> => page.locator(".pill", { hasText: "Connected" }).waitFor();
const failure = (page: Page): Promise<string | null> => page.locator(".failure-message").textContent();

/** Opens a socket from a page's own script: how it went. */
const dial = (page: Page, url: string, token: string): Promise<string> =>
  page.evaluate(
    ([to = "", secret = ""]) =>
      new Promise<string>((done) => {
        const socket = new WebSocket(to, ["mcp", ...(secret ? [`mcp.auth.${secret}`] : [])]);
        socket.onopen = () => done("open");
        socket.onerror = () => done("refused");
      }),
    [url, token],
  );

describe.skipIf(!Bridge.there)("the bridge", () => {
  test("its link opens the inspector, which connects; a tool asks in the middle of its call", async () => {
    const one = await bridge();
    const { page: view, complaints } = await page(one);
    await connected(view);
    expect(await view.title()).toBe("bridge_backend · everywire bridge");
    expect(await view.locator(".header-bridge").textContent()).toBe("bridge to bridge_backend");
    expect(await view.locator(".header-link .badge").textContent()).toBe("WebSocket · 2026-07-28");
    await choose(view, "ask");
    await call(view);
    const dialog = view.getByRole("dialog", { name: "Backend" });
    await dialog.getByText("What is your name?").waitFor();
    await dialog.getByLabel("Name").fill("Ada");
    await dialog.getByRole("button", { name: "Accept" }).click();
    await view.locator(".runs pre.text", { hasText: "hello Ada" }).waitFor();
    expect(await violations(view)).toEqual([]);
    expect(await overflow(view)).toEqual([]);
    await shot(view, "bridge-light");
    expect(complaints).toEqual([]);
  });

  test("leads to a server of somebody else's, of the older era, and a question of that is answered too", async () => {
    const one = await bridge([], ...Bridge.stranger);
    const { page: view, complaints } = await page(one);
    await connected(view);
    expect(await view.locator(".header-link .badge").textContent()).toBe("WebSocket · 2025-11-25");
    expect(await view.title()).toContain("mock-stdio.mjs");
    await choose(view, "Echo");
    await view.getByLabel("Text", { exact: false }).first().fill("two\nlines");
    await call(view);
    await view.locator(".runs pre.text", { hasText: "two" }).waitFor();
    await choose(view, "Book");
    await call(view);
    await view.getByRole("dialog").waitFor();
    await view.getByRole("button", { name: "Decline" }).click();
    await view.locator(".runs .badge.good", { hasText: "Done" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("the token leaves the address, is stored nowhere, and is asked for after a reload", async () => {
    const one = await bridge();
    expect(one.link).toContain(one.token);
    const { page: view } = await page(one);
    await connected(view);
    expect(view.url()).not.toContain(one.token);
    const stored = await view.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie, history.state]));
    expect(stored).not.toContain(one.token);
    expect(one.said).not.toContain(one.token);
    await view.reload();
    await view.getByText("Open the link that was printed at the terminal once more").waitFor();
    expect(await view.getByRole("heading", { level: 1 }).textContent()).toBe("Bridge to bridge_backend");
    expect(await violations(view)).toEqual([]);
    await view.getByLabel("Token").fill(one.token);
    await view.getByRole("button", { name: "Connect" }).click();
    await connected(view);
  });

  test("without the token, or with another, nobody is let in, and no backend is started", async () => {
    const one = await bridge();
    const { page: view } = await page(one, one.link.replace(/&token=[^&]*/, ""));
    await view.getByRole("button", { name: "Connect" }).waitFor();
    expect((await failure(view))?.length).toBeGreaterThan(15);
    for (const token of ["", "wrong", `${one.token}0`]) expect(await dial(view, one.url, token)).toBe("refused");
    expect(one.said).not.toContain("connected");
    expect(await dial(view, one.url, one.token)).toBe("open");
  });

  test("a page of another origin is refused although it has the token, even one of this machine", async () => {
    const one = await bridge();
    const { page: view } = await open(browser, { servers: [one.url] });
    expect(new URL(view.url()).hostname).toBe(new URL(one.url).hostname);
    expect(await dial(view, one.url, one.token)).toBe("refused");
    await view.goto(`${inject("page")}#url=${encodeURIComponent(one.url)}&token=${one.token}`);
    await view.locator(".failure-message").waitFor();
    expect(one.said).not.toContain("connected");
    // Unless it was allowed.
    const other = await bridge(["--allow-origin", new URL(inject("page")).origin]);
    expect(await dial(view, other.url, other.token)).toBe("open");
    expect(await dial(view, other.url, "")).toBe("refused");
  });

  test("a backend that crashes in mid-call is shown with its exit status, and the next one goes on", async () => {
    const one = await bridge();
    const { page: view, complaints } = await page(one);
    await connected(view);
    await choose(view, "crash");
    await call(view);
    await view.locator(".runs .badge", { hasText: "may have run" }).waitFor();
    expect(await view.locator(".runs .failure-message").textContent()).toContain("exit status: 3");
    await view.locator(".event", { hasText: "reconnecting" }).filter({ hasText: "exit status: 3" }).first().waitFor();
    expect(await view.content()).not.toContain("hunter2");
    await tryNow(view);
    await choose(view, "echo");
    await view.getByLabel("Text", { exact: false }).first().fill("alive again");
    await call(view);
    await view.locator(".runs pre.text", { hasText: "alive again" }).waitFor();
    expect(one.said).toContain("has a backend that was started again");
    // Its standard error is the terminal's alone.
    expect(one.said).toContain("hunter2");
    expect(complaints).toEqual([]);
  });

  test("a backend that cannot live says why at once", async () => {
    const one = await bridge([], Bridge.backend, "--exit", "7");
    const { page: view } = await page(one);
    await view.locator(".failure-message").waitFor();
    expect(await failure(view)).toContain("exit status: 7");
    await view.getByText("The terminal where the bridge runs").waitFor();
    await shot(view, "bridge-failed-light");
    const other = await bridge([], "/does/not/exist");
    const { page: next } = await page(other);
    await next.locator(".failure-message").waitFor();
    expect(await failure(next)).toContain("no backend");
  });

  test("two pages share a backend; a bridge that stops is shown as gone, and as back when it is", async () => {
    const one = await bridge(["--shared"]);
    const [left, right] = [(await page(one)).page, (await page(one)).page];
    const pids = [];
    for (const view of [left, right]) {
      await connected(view);
      await choose(view, "pid");
      await call(view);
      pids.push(await view.locator(".runs pre.text").first().textContent());
    }
    expect(pids[0]).toBe(pids[1]);
    expect(await one.stop()).toBe(0);
    for (const view of [left, right]) {
      await view.locator("[data-reconnecting]").waitFor();
      expect(await view.locator(".event", { hasText: "reconnecting" }).first().textContent()).toContain("the bridge is stopping");
    }
    await shot(left, "bridge-gone-light");
    await one.start(["--token", one.token], Bridge.backend);
    for (const view of [left, right]) await tryNow(view);
  });
});
