// The page over HTTP, against a server that shares no code with this project and sits at another origin than the page.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { call, choose, go, launch, MockServer, open, overflow, shot, violations, type Opened } from "./harness";

let browser: Browser;
const started: MockServer[] = [];

async function server(...flags: string[]): Promise<MockServer> {
  const one = await new MockServer("--http", ...flags).start();
  started.push(one);
  return one;
}

beforeAll(async () => {
  browser = await launch();
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await Promise.all(started.splice(0).map((one) => one.kill()));
});
afterAll(() => browser.close());

const label = (page: Page) => page.locator(".header-link .badge");

/** Opens the page and fills in the form as a person would. */
async function connect(url: string, more: { era?: string; token?: string; header?: [string, string]; options?: Parameters<typeof open>[1] } = {}): Promise<Opened> {
  const opened = await open(browser, { ...more.options, servers: [new URL(url).origin] });
  const { page } = opened;
  await page.getByLabel("Server address").fill(url);
  if (more.era) await page.getByRole("radio", { name: more.era }).check({ force: true });
  if (more.token) await page.getByLabel("Token").fill(more.token);
  if (more.header) {
    await page.getByText("Transport and headers").click();
    await page.getByRole("button", { name: "Add header" }).click();
    await page.keyboard.type(more.header[0]);
    await page.getByLabel("Value of header 1").fill(more.header[1]);
  }
  await page.getByRole("button", { name: "Connect" }).click();
  return opened;
}

const echo = async (page: Page, text: string): Promise<void> => {
  await choose(page, "Echo");
  await page.getByLabel("Text", { exact: false }).first().fill(text);
  await call(page);
  await page.locator(".runs pre.text", { hasText: text }).waitFor();
};

describe("a modern server", () => {
  test("is told apart, called, and seen in the log", async () => {
    const { url } = await server("--modern");
    const { page, complaints } = await connect(url);
    await page.locator(".pill", { hasText: "Connected" }).waitFor();
    expect(await label(page).textContent()).toBe("Streamable HTTP · 2026-07-28");
    await echo(page, "over HTTP");
    await page.getByLabel("Filter the log").fill("over HTTP");
    await page.locator(".event.out", { hasText: "tools/call" }).waitFor();
    await page.locator(".event.in.response", { hasText: "tools/call" }).locator(".event-took").waitFor();
    expect(await page.locator(".event").count()).toBe(2);
    await page.getByLabel("Filter the log").fill("");
    await go(page, "Server");
    await page.locator(".facts div", { hasText: "Transport" }).getByText("Streamable HTTP").waitFor();
    await shot(page, "http-modern");
    expect(complaints).toEqual([]);
  });

  test("reports progress on the stream of the call, and is told when it is cancelled", async () => {
    const { url } = await server("--modern");
    const { page } = await connect(url);
    await choose(page, "Slow count");
    await page.getByLabel("Steps").fill("100");
    await call(page);
    await page.getByText(/Step \d+ of 100/).waitFor();
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await page.locator(".runs .badge", { hasText: "Cancelled" }).waitFor();
    await echo(page, "still there");
  });
});

describe("a server with sessions", () => {
  test("asks in the middle of a call, and tells of changes", async () => {
    const { url } = await server();
    const { page, complaints } = await connect(url);
    await page.locator(".pill", { hasText: "Connected" }).waitFor();
    expect(await label(page).textContent()).toBe("Streamable HTTP · 2025-11-25 (session)");
    await choose(page, "Book a journey");
    await call(page);
    const dialog = page.getByRole("dialog", { name: "Mock server" });
    await dialog.getByLabel("Full name").fill("Ada");
    await dialog.getByLabel("Email").fill("ada@example.com");
    await dialog.getByLabel("Wi-Fi").check({ force: true });
    await dialog.getByRole("button", { name: "Accept" }).click();
    await page.locator(".runs pre.text", { hasText: "Booked for Ada." }).waitFor();
    await go(page, "Resources");
    await choose(page, "Clock");
    await page.getByRole("button", { name: "Watch", exact: true }).click();
    await page.getByText(/^[1-9]\d* changes?$/).waitFor();
    expect(complaints).toEqual([]);
  });

  test("is named in full where there is room, and sticks out nowhere", async () => {
    const { url } = await server();
    for (const width of [390, 800, 1100]) {
      const { page } = await connect(url, { options: { viewport: { width, height: 900 }, reducedMotion: "reduce" } });
      await page.locator("button.item").first().waitFor();
      expect(await overflow(page)).toEqual([]);
      expect(await violations(page)).toEqual([]);
      await shot(page, `http-${width}`);
    }
  });

  test("that was started again is talked to in a new session", async () => {
    const own = await server();
    const { page } = await connect(own.url);
    await echo(page, "before");
    await own.kill();
    await own.start();
    // The session is gone with the server: the call that finds out may fail, but the page must not stay like that.
    await choose(page, "Echo");
    await expect.poll(async () => {
      await page.getByLabel("Text", { exact: false }).first().fill("after");
      await call(page);
      await page.locator(".runs-head .badge").filter({ hasNotText: "Running" }).waitFor();
      return page.locator(".runs pre.text", { hasText: "after" }).count();
    }, { timeout: 20_000 }).toBeGreaterThan(0);
  });
});

test("a server of 2024-11-05 is found out, and asks and tells like any other", async () => {
  const { url } = await server("--older");
  const { page } = await connect(url);
  await page.locator(".pill", { hasText: "Connected" }).waitFor();
  expect(await label(page).textContent()).toBe("HTTP+SSE · 2024-11-05");
  await choose(page, "Book a journey");
  await call(page);
  await page.getByRole("button", { name: "Decline" }).click();
  await page.getByText("the person chose to decline").waitFor();
  await echo(page, "the old way");
});

test("a WebSocket is tried first where that is wanted, and HTTP if there is none", async () => {
  const { url } = await server("--modern");
  const { page, complaints } = await open(browser, { servers: [new URL(url).origin] });
  await page.getByLabel("Server address").fill(url);
  await page.getByText("Transport and headers").click();
  await page.getByRole("radio", { name: "WebSocket first" }).check({ force: true });
  await page.getByRole("button", { name: "Connect" }).click();
  await page.locator(".pill", { hasText: "Connected" }).waitFor();
  expect(await label(page).textContent()).toBe("Streamable HTTP · 2026-07-28");
  await page.locator(".event.link", { hasText: "trying another way" }).waitFor();
  expect(complaints).toEqual([]);
});

describe("secrets", () => {
  const token = "t0ken-s3cret";
  const key = "k3y-s3cret";

  test("go to the server with each request, and nowhere else", async () => {
    const { url } = await server("--modern", `--token=${token}`, "--header=x-api-key");
    const { page } = await connect(`${url}?ticket=t1cket-s3cret`, { token, header: ["X-Api-Key", key] });
    await echo(page, "let in");
    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.locator(".recent", { hasText: "Mock server" }).getByText("Streamable HTTP").waitFor();
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }) + location.href + document.cookie);
    expect(kept).toContain(url);
    expect(kept).not.toContain("s3cret");
    expect(await page.locator(".recents").textContent()).not.toContain("s3cret");
  });

  test("are not in the log", async () => {
    const { url } = await server(`--token=${token}`, "--header=x-api-key");
    const { page } = await connect(`${url}?ticket=t1cket-s3cret`, { token, header: ["X-Api-Key", key] });
    await echo(page, "let in");
    await page.getByLabel("Filter the log").fill("s3cret");
    await page.getByText("Nothing matches").waitFor();
  });

  test("that are wrong are asked for, in one sentence", async () => {
    const { url } = await server("--modern", `--token=${token}`);
    const { page } = await connect(url, { token: "wrong" });
    await page.locator(".failure .badge", { hasText: "auth_required" }).waitFor();
    expect(await page.locator(".failure").textContent()).not.toContain("wrong");
  });

  test("a header that no page may send is refused before anything is sent", async () => {
    const { url } = await server("--modern");
    const { page } = await connect(url, { header: ["Cookie", "a=b"] });
    await page.locator(".header-row .problem", { hasText: "A browser lets no page send Cookie." }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Name of header 1");
    expect(await page.getByRole("button", { name: "Stop" }).count()).toBe(0);
  });
});

describe("a server that lets no page in", () => {
  const ask = async (page: Page): Promise<void> => {
    await page.locator(".failure .badge", { hasText: "cors_or_network" }).waitFor();
    await page.getByRole("button", { name: "Find out why" }).click();
    await page.locator(".cause").first().waitFor();
  };

  test("the doctor names what is missing, and how to add it, to be copied", async () => {
    const { url } = await server("--cors=none");
    const { page, complaints } = await connect(url, { options: { permissions: ["clipboard-read", "clipboard-write"] } });
    await ask(page);
    // Where a reader of screens goes on.
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("doctor-title");
    expect(await page.locator(".doctor").textContent()).toContain("Access-Control-Allow-Origin");
    expect((await page.locator(".cause .evidence li").first().textContent())?.length).toBeGreaterThan(15);
    const origin = await page.evaluate(() => location.origin);
    await page.getByRole("tab", { name: "Headers" }).focus();
    for (const [key, name] of [["ArrowRight", "nginx"], ["ArrowRight", "Express"], ["End", "everywire"], ["ArrowRight", "Headers"]] as const) {
      await page.keyboard.press(key);
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(name);
      expect(await page.getByRole("tabpanel").locator("pre").textContent()).toContain(origin);
    }
    await page.getByRole("button", { name: "Copy the snippet" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(`Access-Control-Allow-Origin: ${origin}\n`);
    expect(complaints).toEqual([]);
  });

  test.each([
    ["light", {}],
    ["dark", { colorScheme: "dark" }],
    ["phone", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
  ] as const)("the doctor is accessible, and nothing sticks out: %s", async (name, options) => {
    const { url } = await server("--cors=none");
    const { page } = await connect(url, { options: { ...options, reducedMotion: "reduce" } });
    await ask(page);
    await page.getByRole("tab", { name: "nginx" }).click();
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toEqual([]);
    await shot(page, `doctor-${name}`);
  });

  test("the headers of 2026-07-28 are named, where only those are missing", async () => {
    const { url } = await server("--modern", "--cors=old");
    const { page } = await connect(url, { era: "Modern" });
    await ask(page);
    expect(await page.locator(".cause").first().textContent()).toMatch(/Mcp-Method/i);
    await page.getByRole("radio", { name: "Auto" }).check({ force: true });
    await page.getByRole("button", { name: "Connect" }).click();
    await page.locator(".pill", { hasText: "Connected" }).waitFor();
    expect(await label(page).textContent()).toBe("Streamable HTTP · 2025-11-25 (session)");
  });

  test("nobody there: that is said first, and no header is blamed", async () => {
    const gone = await server();
    await gone.kill();
    const { page } = await connect(gone.url);
    await ask(page);
    expect(await page.locator(".cause").first().textContent()).toMatch(/reach|no server|nobody|down/i);
    await shot(page, "doctor-unreachable");
  });
});
