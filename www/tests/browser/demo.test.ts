// The page against the demo server of this project, in both eras, over both transports. Set EVERYWIRE_BIN to the program, or
// EVERYWIRE_DEMO_URL to the address (http://…) of a demo that runs.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { call, choose, Demo, go, launch, open, shot, tryNow } from "./harness";

let browser: Browser;
const demo = new Demo();
beforeAll(async () => {
  [browser] = await Promise.all([launch(), demo.start()]);
});
afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));
afterAll(async () => {
  await browser.close();
  await demo.kill();
});

const ways = [
  { era: "modern", over: "http", label: "Streamable HTTP · 2026-07-28" },
  { era: "legacy", over: "http", label: "Streamable HTTP · 2025-11-25 (session)" },
  { era: "modern", over: "websocket", label: "WebSocket · 2026-07-28" },
  { era: "legacy", over: "websocket", label: "WebSocket · 2025-11-25" },
] as const;
type Way = (typeof ways)[number];

async function connected({ era, over }: Way): Promise<{ page: Page; complaints: string[] }> {
  const opened = await open(browser, { servers: [new URL(demo.http).origin] });
  const { page } = opened;
  await page.getByRole("radio", { name: era, exact: false }).check({ force: true });
  await page.getByLabel("Server address").fill(demo[over]);
  await page.getByRole("button", { name: "Connect" }).click();
  await page.locator("button.item").first().waitFor();
  return opened;
}

const done = (page: Page) => page.locator(".runs .badge.good", { hasText: "Done" }).waitFor();

describe.skipIf(!Demo.there).each(ways)("$era era over $over", (way) => {
  test("a tool is called, a picture and a tone come back", async () => {
    const { page, complaints } = await connected(way);
    expect(await page.locator(".header-link .badge").textContent()).toBe(way.label);
    await choose(page, "Echo");
    await page.getByLabel("Text").fill("over the wire");
    await page.getByRole("switch", { name: "Loud" }).check({ force: true });
    await call(page);
    await page.locator(".runs pre.text", { hasText: "OVER THE WIRE" }).waitFor();
    await choose(page, "Draw");
    await call(page);
    expect(await page.locator(".runs img").evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth))).toBe(256);
    await choose(page, "Beep");
    await call(page);
    await page.locator(".runs audio").waitFor();
    await choose(page, "Weather");
    await page.getByLabel("City").fill("Oslo");
    await call(page);
    await page.locator(".structured .json", { hasText: "Oslo" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("a rich form arrives as it was filled in", async () => {
    const { page } = await connected(way);
    await choose(page, "Plan a trip");
    await page.getByLabel("Name").fill("Ada");
    await page.getByLabel("Departure").fill("2026-12-24");
    await page.getByLabel("City").fill("Bergen");
    await page.getByLabel("Class").selectOption({ label: "Sleeping car" });
    await page.getByLabel("quiet zone").check({ force: true });
    await page.getByLabel("Budget").fill("250.5");
    await call(page);
    await done(page);
    const text = await page.locator(".runs").textContent();
    for (const part of ["Ada", "Bergen"]) expect(text).toContain(part);
    if (way === ways[0]) await shot(page, "trip-light");
  });

  test("a question in the middle of the call is answered in a dialog; two in a row too", async () => {
    const { page, complaints } = await connected(way);
    await choose(page, "Book a table");
    await call(page);
    const dialog = page.getByRole("dialog", { name: "everywire demo" });
    await dialog.getByLabel("Date").fill("2026-12-24");
    await dialog.getByLabel("Guests").fill("13");
    await dialog.getByRole("button", { name: "Accept" }).click();
    expect(await dialog.locator(".problem").allTextContents()).toEqual(["12 or less.", "Required."]);
    await dialog.getByLabel("Guests").fill("4");
    await dialog.getByLabel("E-mail").fill("ada@example.com");
    await dialog.getByRole("button", { name: "Accept" }).click();
    await page.locator(".runs pre.text", { hasText: "2026-12-24, 4 guests" }).waitFor();
    await choose(page, "Choose a theme");
    await call(page);
    await page.getByRole("dialog").getByLabel("Theme").selectOption({ label: "Night: light on dark" });
    await page.getByRole("dialog").getByLabel("Green").check({ force: true });
    await page.getByRole("button", { name: "Accept" }).click();
    await page.getByRole("dialog").getByText("Change the theme to night?").waitFor();
    await page.getByRole("button", { name: "Accept" }).click();
    await page.locator(".runs pre.text", { hasText: "The theme is night now" }).waitFor();
    await choose(page, "Sign in");
    await call(page);
    await page.getByRole("dialog").locator(".visit-url").waitFor();
    await page.getByRole("button", { name: "Decline" }).click();
    await done(page);
    expect(complaints).toEqual([]);
  });

  test("progress is shown, a call is cancelled, errors are told apart", async () => {
    const { page } = await connected(way);
    await choose(page, "Slow work");
    await page.getByLabel("Steps").fill("100");
    await page.getByLabel("Seconds").fill("0.1");
    await call(page);
    await page.getByRole("progressbar").and(page.locator("[aria-valuenow]")).waitFor();
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await page.locator(".runs .badge", { hasText: "Cancelled" }).waitFor();
    await choose(page, "Fail");
    await call(page);
    await page.locator(".tool-error").waitFor();
    await choose(page, "Crash");
    await call(page);
    await page.locator(".runs .failure", { hasText: "JSON-RPC" }).waitFor();
  });

  test("the list of tools follows the server, and resources and prompts are read", async () => {
    const { page } = await connected(way);
    const secret = page.locator("button.item", { hasText: "Was not there before" });
    const before = await secret.count();
    await choose(page, "Unlock");
    await call(page);
    await secret.waitFor({ state: before === 0 ? "visible" : "detached" });
    await go(page, "Resources");
    await page.locator("button.item").first().click();
    await page.locator(".runs .content").first().waitFor();
    await page.getByRole("button", { name: "Watch", exact: true }).click();
    await page.getByRole("button", { name: "Watching" }).waitFor();
    await go(page, "Prompts");
    await page.locator("button.item", { hasNotText: "review" }).first().click();
    await page.getByRole("button", { name: "Get prompt" }).waitFor();
    await go(page, "Server");
    await page.getByRole("button", { name: "Ping" }).click();
    await page.getByRole("status").filter({ hasText: /ms|µs/ }).waitFor();
  });
});

describe.skipIf(process.env.EVERYWIRE_BIN === undefined)("the program", () => {
  test("serves the page, which connects by its address", async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await page.goto(demo.page ?? "");
    await page.locator("button.item").first().waitFor();
    expect(await page.title()).toBe("everywire inspector");
    expect(await page.locator(".header-link .badge").textContent()).toMatch(/^Streamable HTTP/);
    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("button", { name: demo.websocket }).click();
    await page.locator("button.item").first().waitFor();
    expect(await page.locator(".header-link .badge").textContent()).toMatch(/^WebSocket/);
    expect(complaints).toEqual([]);
  });

  test("is reached over WebSocket at its HTTP address, where that is wanted", async () => {
    const { page } = await open(browser, { servers: [new URL(demo.http).origin] });
    await page.getByLabel("Server address").fill(demo.http);
    await page.getByText("Transport and headers").click();
    await page.getByRole("radio", { name: "WebSocket first" }).check({ force: true });
    await page.getByRole("button", { name: "Connect" }).click();
    await page.locator("button.item").first().waitFor();
    expect(await page.locator(".header-link .badge").textContent()).toBe("WebSocket · 2026-07-28");
  });

  test.each(ways)("killed in mid-call and started again, $era over $over: nothing is lost silently", async (way) => {
    const { page } = await connected(way);
    await choose(page, "Slow work");
    await page.getByLabel("Steps").fill("100");
    await call(page);
    await page.getByRole("progressbar").and(page.locator("[aria-valuenow]")).waitFor();
    await demo.kill();
    // Over HTTP there is no connection of its own that could be lost.
    if (way.over === "websocket") await page.locator("[data-reconnecting]").waitFor();
    const interrupted = page.locator(".runs .badge", { hasText: "may have run" });
    // A stream of an HTTP session could be taken up again, so that is known only once the server is back without it.
    const resumable = way.over === "http" && way.era === "legacy";
    if (!resumable) await interrupted.waitFor();
    await demo.start();
    await interrupted.waitFor();
    if (way.over === "websocket") await tryNow(page);
    await choose(page, "Echo");
    await page.getByLabel("Text").fill("back");
    await call(page);
    await page.locator(".runs pre.text", { hasText: "back" }).waitFor();
  });
});
