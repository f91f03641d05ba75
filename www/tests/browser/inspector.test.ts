// The page against a server that shares no code with this project.
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { call, choose, go, launch, MockServer, open, shot, tryNow } from "./harness";

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

describe("connecting", () => {
  test("from the form, with the identity of the server shown", async () => {
    const { page, complaints } = await open(browser);
    expect(await page.title()).toBe("everywire inspector");
    await shot(page, "connect-light");
    await page.getByLabel("Server address").fill(server.url);
    await page.keyboard.press("Enter");
    await page.locator(".pill", { hasText: "Connected" }).waitFor();
    expect(await page.locator(".header-server").textContent()).toBe("Mock server");
    await go(page, "Server");
    await page.getByText("mock-server 1.4.0").waitFor();
    await page.getByText("Try `book` for an elicitation").waitFor();
    await page.getByRole("button", { name: "Ping" }).click();
    await page.getByRole("status").filter({ hasText: /ms/ }).waitFor();
    expect(await page.locator(".figures div", { hasText: "Messages in" }).locator("dd").textContent()).toMatch(/^[1-9]/);
    await shot(page, "server-light");
    expect(complaints).toEqual([]);
  });

  test("from the address, whose token leaves the address bar and is not stored", async () => {
    const { page } = await open(browser, { fragment: `url=${encodeURIComponent(server.url)}&token=s3cret` });
    await page.locator(".pill", { hasText: "Connected" }).waitFor();
    expect(page.url()).not.toContain("s3cret");
    expect(page.url()).toContain("url=");
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain("s3cret");
  });

  test("remembers a server, and connects to it again with one press", async () => {
    const { page } = await open(browser, { url: server.url });
    await page.locator(".pill", { hasText: "Connected" }).waitFor();
    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("button", { name: /^Mock server/ }).click();
    await page.locator(".pill", { hasText: "Connected" }).waitFor();
  });

  for (const [what, url] of [["no address", ""], ["another scheme", "ftp://127.0.0.1/"], ["no server", "ws://127.0.0.1:9/"], ["nonsense", "not an address"]] as const) {
    test(`says in one sentence what is wrong: ${what}`, async () => {
      const { page, complaints } = await open(browser);
      await page.getByLabel("Server address").fill(url);
      await page.getByRole("button", { name: "Connect" }).click();
      const message = await page.locator(".failure-message").textContent();
      expect(message?.trim().length).toBeGreaterThan(15);
      expect(message).not.toMatch(/undefined|\[object|panicked|unreachable/);
      expect(complaints).toEqual([]);
    });
  }
});

describe("tools", () => {
  test("are searched with the keyboard and called through a form", async () => {
    const { page, complaints } = await open(browser, { url: server.url });
    await page.locator("button.item").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("sends the text");
    expect(await page.locator("button.item").count()).toBe(1);
    await page.keyboard.press("Enter");
    await page.getByLabel("Text", { exact: false }).first().fill("hello\n  wire");
    await page.keyboard.press("Control+Enter");
    await page.locator(".runs .badge.good", { hasText: "Done" }).waitFor();
    expect(await page.locator(".runs pre.text").textContent()).toBe("hello\n  wire");
    expect(complaints).toEqual([]);
  });

  test("with nested objects, lists and limits: mistakes are shown, then the value arrives whole", async () => {
    const { page } = await open(browser, { url: server.url });
    await choose(page, "Place an order");
    await call(page);
    expect(await page.locator(".problem").allTextContents()).toEqual(["Required.", "Required."]);
    expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toMatch(/\/customer\/name$/);
    await page.getByLabel("Name").fill("Ada");
    await page.getByLabel("SKU").fill("abc");
    await page.getByLabel("Discount").fill("0.9");
    await call(page);
    expect(await page.locator(".problem").allTextContents()).toEqual(["Does not match the pattern ^[A-Z]{3}-[0-9]{3}$", "0.5 or less."]);
    await page.getByLabel("SKU").fill("ABC-123");
    await page.getByLabel("Discount").fill("0.25");
    await page.getByRole("button", { name: "Add item" }).click();
    await page.getByLabel("SKU").nth(1).fill("XYZ-999");
    await page.getByRole("button", { name: "Move item 2 up" }).click();
    await page.getByRole("radio", { name: "high" }).check({ force: true });
    await page.getByLabel("Wrapping").selectOption({ label: "Gift wrapping with a card" });
    await page.getByRole("radiogroup", { name: "Insured" }).getByRole("radio", { name: "false" }).check({ force: true });
    await page.getByRole("switch", { name: "Express" }).check({ force: true });
    await page.getByLabel("Extra").fill('{"gift": true}');
    await page.getByRole("radio", { name: "Raw JSON" }).check({ force: true });
    expect(JSON.parse(await page.getByLabel("Arguments as JSON").inputValue())).toEqual({
      customer: { name: "Ada" },
      items: [{ sku: "XYZ-999", quantity: 1 }, { sku: "ABC-123", quantity: 1 }],
      priority: "high", wrapping: "gift", insured: false, express: true, discount: 0.25, extra: { gift: true },
    });
    await page.getByRole("radio", { name: "Form" }).check({ force: true });
    await call(page);
    await page.locator(".json-key", { hasText: "XYZ" }).or(page.getByText('"ord_1043"')).first().waitFor();
    await shot(page, "order-light");
  });

  test("bad raw JSON is refused with one sentence, and nothing is sent", async () => {
    const { page } = await open(browser, { url: server.url });
    await choose(page, "Echo");
    await page.getByRole("radio", { name: "Raw JSON" }).check({ force: true });
    await page.getByLabel("Arguments as JSON").fill('{"text": }');
    await call(page);
    expect(await page.locator(".problem").textContent()).toMatch(/^Not valid JSON/);
    await page.getByLabel("Arguments as JSON").fill("[1]");
    await call(page);
    expect(await page.locator(".problem").textContent()).toBe("The arguments must be a JSON object: { … }.");
    expect(await page.locator(".runs").count()).toBe(0);
  });

  test("show progress, and are cancelled on the server", async () => {
    const { page } = await open(browser, { url: server.url });
    await choose(page, "Slow count");
    await page.getByLabel("Steps").fill("100");
    await call(page);
    await page.getByRole("progressbar").and(page.locator("[aria-valuenow]")).waitFor();
    await page.getByText(/Step \d+ of 100/).waitFor();
    await shot(page, "progress-light");
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await page.locator(".runs .badge", { hasText: "Cancelled" }).waitFor();
    await page.locator(".event-label", { hasText: "cancelled" }).waitFor();
  });

  test("answer with every kind of content, and none of it runs", async () => {
    const { page, complaints } = await open(browser, { url: server.url });
    await choose(page, "Gallery");
    await call(page);
    const image = page.locator(".runs img");
    await image.waitFor();
    expect(await image.getAttribute("src")).toMatch(/^data:image\/png;base64,/);
    expect(await image.evaluate((element: HTMLImageElement) => element.decode().then(() => element.naturalWidth))).toBe(240);
    expect(await page.locator(".runs audio").getAttribute("src")).toMatch(/^data:audio\/wav;base64,/);
    expect(await page.locator(".runs b").count()).toBe(0);
    expect(await page.locator(".runs pre.text").first().textContent()).toContain("    indentation\n\tand tabs. <b>");
    await page.getByRole("button", { name: /Welcome note/ }).click();
    await page.getByText("This is the note called welcome.").waitFor();
    expect(complaints).toEqual([]);
  });

  test("fail in two ways, each told apart", async () => {
    const { page } = await open(browser, { url: server.url });
    await choose(page, "Fail");
    await call(page);
    await page.locator(".tool-error", { hasText: "The printer is on fire" }).waitFor();
    await page.getByRole("radio", { name: "error", exact: true }).check({ force: true });
    await call(page);
    const failure = page.locator(".runs .failure");
    await failure.waitFor();
    expect(await failure.textContent()).toContain("The flux capacitor is out of range");
    expect(await failure.textContent()).toContain("JSON-RPC -32050");
    expect(await failure.locator(".json").textContent()).toContain("1.21");
    await shot(page, "failure-light");
  });
});

describe("elicitation", () => {
  test("is validated, then answered, and the call goes on", async () => {
    const { page, complaints } = await open(browser, { url: server.url });
    await choose(page, "Book a journey");
    await call(page);
    const dialog = page.getByRole("dialog", { name: "Mock server" });
    await dialog.waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toMatch(/\/name$/);
    await shot(page, "elicit-light");
    await dialog.getByRole("button", { name: "Accept" }).click();
    expect(await dialog.locator(".problem").allTextContents()).toEqual(["Required.", "Required.", "Choose at least 1."]);
    await dialog.getByLabel("Full name").fill("Ada");
    await dialog.getByLabel("Email").fill("ada");
    await dialog.getByLabel("Seats").fill("7");
    await dialog.getByLabel("Wi-Fi").check({ force: true });
    expect(await dialog.locator(".problem").allTextContents()).toEqual(["Not an email address, like name@example.com.", "6 or less."]);
    await dialog.getByLabel("Email").fill("ada@example.com");
    await dialog.getByLabel("Seats").fill("2");
    await dialog.getByLabel("Date of birth").fill("1990-12-10");
    await dialog.getByRole("radio", { name: "Business" }).check({ force: true });
    await page.keyboard.press("Control+Enter");
    await dialog.waitFor({ state: "hidden" });
    await page.locator(".runs .badge.good").waitFor();
    const text = await page.locator(".runs").textContent();
    for (const part of ["Booked for Ada.", "ada@example.com", "1990-12-10", '"biz"', '"wifi"']) expect(text).toContain(part);
    expect(complaints).toEqual([]);
  });

  test("can be declined and, with Escape, cancelled", async () => {
    const { page } = await open(browser, { url: server.url });
    await choose(page, "Book a journey");
    await call(page);
    await page.getByRole("button", { name: "Decline" }).click();
    await page.getByText("the person chose to decline").waitFor();
    await call(page);
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("the person chose to cancel").waitFor();
  });

  test("with an address shows it whole and opens it only when told to", async () => {
    const { page, complaints } = await open(browser, { url: server.url });
    await choose(page, "Sign in");
    await call(page);
    const dialog = page.getByRole("dialog");
    await dialog.getByText("https://accounts.example.com/authorize?client=demo&state=4f1c").waitFor();
    const link = dialog.getByRole("link", { name: "Open in a new tab" });
    expect(await link.getAttribute("rel")).toBe("noopener noreferrer");
    expect(await dialog.getByRole("button", { name: "Done, go on" }).isDisabled()).toBe(true);
    await shot(page, "elicit-url-light");
    await page.keyboard.press("Escape");
    await page.getByText("The person chose to cancel.").waitFor();
    expect(complaints).toEqual([]);
  });
});

test("sampling: the person answers in the model's place, or declines", async () => {
  const { page, complaints } = await open(browser, { url: server.url });
  await choose(page, "Write a haiku");
  await call(page);
  const dialog = page.getByRole("dialog", { name: "Mock server" });
  await dialog.getByText("Write a haiku about wires.").waitFor();
  await shot(page, "sample-light");
  await dialog.getByRole("button", { name: "Send" }).click();
  expect(await dialog.locator(".problem").textContent()).toBe("Required.");
  await dialog.getByLabel("Your answer in the model's place").fill("Copper hums at night");
  await dialog.getByRole("button", { name: "Send" }).click();
  await page.locator(".runs pre.text", { hasText: "Copper hums at night" }).waitFor();
  await call(page);
  await page.getByRole("button", { name: "Decline" }).click();
  await page.locator(".runs .failure").waitFor();
  expect(complaints).toEqual([]);
});

describe("resources, prompts, log", () => {
  test("a resource is read, and watched for changes", async () => {
    const { page } = await open(browser, { url: server.url });
    await go(page, "Resources");
    await choose(page, "Clock");
    await page.locator(".runs .json").waitFor();
    await page.getByRole("button", { name: "Watch", exact: true }).click();
    await page.getByText(/^[1-9]\d* changes?$/).waitFor();
    await page.getByRole("button", { name: "Watching" }).click();
    await page.getByRole("button", { name: "Watch", exact: true }).waitFor();
    await choose(page, "A note by name");
    await page.getByLabel("Name").fill("lunch");
    await page.getByRole("button", { name: "Read resource" }).click();
    await page.getByText("This is the note called lunch.").waitFor();
  });

  test("a prompt suggests values for its arguments and shows its messages", async () => {
    const { page } = await open(browser, { url: server.url });
    await go(page, "Prompts");
    await choose(page, "Review code");
    await page.getByRole("button", { name: "Get prompt" }).click();
    expect(await page.locator(".problem").textContent()).toBe("Required.");
    await page.getByLabel("Language").pressSequentially("ru");
    await page.locator("datalist option").nth(1).waitFor({ state: "attached" });
    expect(await page.locator("datalist option").evaluateAll((all) => all.map((one) => one.getAttribute("value")))).toEqual(["rust", "ruby"]);
    await page.getByLabel("Language").fill("rust");
    await page.getByRole("button", { name: "Get prompt" }).click();
    await page.getByText("Review this rust code. Focus: everything.").waitFor();
  });

  test("the log shows frames, filters, pauses, clears, and keeps at most a thousand", async () => {
    const { page } = await open(browser, { url: server.url });
    await choose(page, "Echo");
    await page.getByLabel("Text", { exact: false }).first().fill("needle");
    await call(page);
    await page.getByLabel("Filter the log").fill("needle");
    await page.locator(".event.out", { hasText: "tools/call" }).waitFor();
    expect(await page.locator(".event").count()).toBe(2);
    await page.locator(".event.out .event-row").click();
    expect(JSON.parse((await page.locator(".event-frame pre").textContent()) ?? "")).toMatchObject({ jsonrpc: "2.0", method: "tools/call", params: { name: "echo", arguments: { text: "needle" } } });
    await page.getByRole("button", { name: "Pause recording" }).click();
    await call(page);
    await page.getByText(/Paused · \d events? not recorded/).waitFor();
    await page.getByRole("button", { name: "Go on recording" }).click();
    await page.getByLabel("Filter the log").fill("");
    await choose(page, "Slow count");
    await page.getByLabel("Steps").fill("100");
    await page.getByLabel("Delay").fill("10");
    for (let round = 0; round < 6; round++) {
      await call(page);
      await page.locator(".runs-head .badge", { hasText: "Done" }).waitFor();
    }
    expect(Number(await page.locator(".log-count").textContent())).toBe(1000);
    await page.getByRole("button", { name: "Clear the log" }).click();
    await page.getByText("No event yet").waitFor();
  });
});

test("a server that sends nonsense and markup breaks nothing and runs nothing", async () => {
  const odd = await new MockServer("--hostile").start();
  const { page, complaints } = await open(browser, { url: odd.url });
  await page.locator("button.item").first().waitFor();
  for (const view of ["Tools", "Resources", "Prompts"]) {
    await go(page, view);
    await page.locator("button.item").first().waitFor();
    // Those that are odd come first: four tools, one resource, two prompts.
    for (let index = 0; index < { Tools: 4, Resources: 1, Prompts: 2 }[view]!; index++) {
      await page.locator("button.item").nth(index).click();
      await page.locator(".detail-body").waitFor();
      const submit = page.locator('.detail-body button[type="submit"]');
      if ((await submit.count()) > 0) await submit.click();
      const runs = page.locator(".runs-head .badge").filter({ hasNotText: "Running" });
      if (view === "Tools") await runs.first().waitFor();
    }
  }
  expect(await page.evaluate(() => "pwned" in globalThis)).toBe(false);
  expect(await page.locator("#app script, #app [onerror], #app a[href^='javascript']").count()).toBe(0);
  await go(page, "Tools");
  await choose(page, "Echo");
  await page.getByLabel("Text", { exact: false }).first().fill("still here");
  await call(page);
  await page.locator(".runs pre.text", { hasText: "still here" }).waitFor();
  expect(complaints).toEqual([]);
  await odd.kill();
});

test("a killed server: the countdown is shown, the call is told as interrupted, and all goes on when it is back", async () => {
  const own = await new MockServer().start();
  const { page, complaints } = await open(browser, { url: own.url });
  await choose(page, "Slow count");
  await page.getByLabel("Steps").fill("100");
  await call(page);
  await page.getByText(/Step \d+ of 100/).waitFor();
  await own.kill();
  const banner = page.locator("[data-reconnecting]");
  await banner.waitFor();
  expect(await banner.textContent()).toMatch(/Reconnecting (in \d+ s|now) · attempt \d+/);
  await page.locator(".runs .badge", { hasText: "may have run" }).waitFor();
  await banner.getByText(/attempt [2-9]/).waitFor();
  await shot(page, "reconnecting-light");
  await own.start();
  await tryNow(page);
  await choose(page, "Echo");
  await page.getByLabel("Text", { exact: false }).first().fill("back again");
  await call(page);
  await page.locator(".runs pre.text", { hasText: "back again" }).waitFor();
  expect(complaints).toEqual([]);
  await own.kill();
});
