// Accessibility, colours, the phone: each view looked at by axe and measured for overflow, and photographed.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { call, choose, go, launch, MockServer, open, overflow, shot, violations } from "./harness";

let browser: Browser;
const server = new MockServer();
beforeAll(async () => {
  [browser] = await Promise.all([launch(), server.start()]);
});
afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));
afterAll(async () => {
  await browser.close();
  await server.kill();
});

/** Every view, in the order a person would see them. */
async function walk(page: Page, look: (name: string) => Promise<void>): Promise<void> {
  const back = async (noun: string) => {
    const button = page.getByRole("button", { name: `All ${noun}` });
    if (await button.isVisible()) await button.click();
  };
  await page.locator("button.item").first().waitFor();
  await look("tools");
  await choose(page, "Place an order");
  await call(page);
  await look("order");
  await back("tools");
  await choose(page, "Gallery");
  await call(page);
  await page.locator(".runs img").waitFor();
  await look("gallery");
  await back("tools");
  await choose(page, "Fail");
  await page.getByRole("radio", { name: "error", exact: true }).check({ force: true });
  await call(page);
  await page.locator(".runs .failure").waitFor();
  await look("failure");
  await back("tools");
  await choose(page, "Book a journey");
  await call(page);
  await page.getByRole("dialog").waitFor();
  await look("elicit");
  await page.keyboard.press("Escape");
  await page.locator(".runs .badge.good").waitFor();
  await go(page, "Resources");
  await choose(page, "Clock");
  await page.locator(".runs .json").waitFor();
  await look("resource");
  await go(page, "Prompts");
  await choose(page, "Review code");
  await page.getByLabel("Language").fill("rust");
  await page.getByRole("button", { name: "Get prompt" }).click();
  await page.locator(".message").first().waitFor();
  await look("prompt");
  await go(page, "Server");
  await page.getByRole("heading", { name: "Metrics" }).waitFor();
  await look("server");
  const log = page.getByRole("navigation", { name: "Views" }).getByRole("button", { name: "Log" });
  if (await log.isVisible()) await log.click();
  await page.locator(".event-row:not([disabled])").last().click();
  await look("log");
}

const looks = [
  { name: "light", options: { colorScheme: "light" } },
  { name: "dark", options: { colorScheme: "dark" } },
  { name: "tablet", options: { viewport: { width: 834, height: 1112 } } },
  { name: "phone", options: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } },
  { name: "phone-dark", options: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: "dark" } },
] as const;

describe.each(looks)("$name", ({ name, options }) => {
  test("the first screen", async () => {
    const { page } = await open(browser, { ...options, reducedMotion: "reduce" });
    await page.getByLabel("Server address").fill("ftp://example.com");
    await page.getByRole("button", { name: "Connect" }).click();
    await page.locator(".failure").waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toEqual([]);
    await shot(page, `first-${name}`);
  });

  test("every view is accessible, and nothing sticks out", async () => {
    const { page, complaints } = await open(browser, { ...options, url: server.url, reducedMotion: "reduce" });
    const found: string[] = [];
    await walk(page, async (view) => {
      found.push(...(await violations(page)).map((one) => `${view}: ${one}`), ...(await overflow(page)).map((one) => `${view} overflow: ${one}`));
      await shot(page, `${view}-${name}`);
    });
    expect(found).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

test("the colours follow the system until chosen, and the choice is remembered", async () => {
  const { page } = await open(browser, { colorScheme: "dark" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.getByRole("button", { name: "Light colours" }).click();
  const light = await ground();
  expect(light).not.toBe(dark);
  await page.reload();
  expect(await ground()).toBe(light);
});

test("everything works with the keyboard alone", async () => {
  const { page } = await open(browser, { url: server.url });
  await page.locator("button.item").first().waitFor();
  await page.keyboard.press("/");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 2, name: "Add" }).waitFor();
  await page.keyboard.press("3");
  await page.getByText("Choose a prompt").waitFor();
  await page.keyboard.press("l");
  expect(await page.locator(".log").count()).toBe(0);
  await page.keyboard.press("l");
  await page.locator(".log").waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("1");
  await page.getByRole("heading", { level: 2, name: "Add" }).waitFor();
  // Every stop of the Tab key is visible as such.
  for (let stop = 0; stop < 30; stop++) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => {
      const focused = document.activeElement as HTMLElement;
      const ring = (element: Element | null | undefined) => element && getComputedStyle(element).outlineStyle !== "none";
      return focused === document.body || ring(focused) || ring(focused.nextElementSibling) || ring(focused.closest(".search")) ? "" : focused.outerHTML;
    });
    expect(seen).toBe("");
  }
});
