// A browser, a page and a server to talk to.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { inject } from "vitest";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic", "--no-first-run"],
  });

export interface Opened {
  readonly page: Page;
  /** What the page complained about: exceptions, errors in the console, violations of its policy. */
  readonly complaints: string[];
}

export async function open(browser: Browser, options: BrowserContextOptions & { url?: string; fragment?: string; servers?: readonly string[]; link?: string } = {}): Promise<Opened> {
  // The network is for the page itself and for the servers that a person named.
  const { url, fragment, link, servers = [], ...rest } = options;
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "light", ...rest });
  const page = await context.newPage();
  // Below the time limit of a test, so that what was waited for is named.
  page.setDefaultTimeout(12_000);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // The browser itself reports each socket that does not open, and each request that fails or is kept from the page.
    if (message.type() === "error" && !/WebSocket connection to|Failed to load resource|has been blocked by CORS policy/.test(message.text())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    const allowed = [inject("page"), ...servers];
    if (!/^(data:|blob:)/.test(request.url()) && !allowed.some((one) => request.url().startsWith(one))) complaints.push(`asked the network for ${request.url()}`);
  });
  const hash = fragment ?? (url && `url=${encodeURIComponent(url)}`);
  await page.goto(link ?? inject("page") + (hash ? `#${hash}` : ""));
  return { page, complaints };
}

export async function shot(page: Page, name: string): Promise<void> {
  const folder = here("../shots");
  mkdirSync(folder, { recursive: true });
  // Animations end, so that two runs give the same picture.
  await page.screenshot({ path: `${folder}/${name}.png`, animations: "disabled" });
}

/** A server that can be killed and started again at the same port: of the legacy era over WebSocket, with `--http` what mock-http.mjs has. */
export class MockServer {
  #child: ChildProcess | undefined;
  readonly #script: string;
  readonly #flags: string[];
  url = "";

  constructor(...flags: string[]) {
    this.#script = flags.includes("--http") ? "../mock-http.mjs" : "../mock-server.mjs";
    this.#flags = flags.filter((flag) => flag !== "--http");
  }

  async start(): Promise<this> {
    const port = this.url ? new URL(this.url).port : "0";
    const child = spawn(process.execPath, [here(this.#script), port, ...this.#flags], { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    // A test that fails leaves none behind.
    process.once("exit", () => child.kill("SIGKILL"));
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) {
      this.url = line;
      break;
    }
    return this;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGKILL");
    await gone;
  }
}

/** The demo of the program, of both eras, over HTTP and WebSocket at one address: EVERYWIRE_BIN is started, or EVERYWIRE_DEMO_URL is where one already runs. */
export class Demo {
  #child: ChildProcess | undefined;
  http = process.env.EVERYWIRE_DEMO_URL ?? "";
  /** The same over WebSocket. */
  get websocket(): string {
    return this.http.replace(/^http/, "ws");
  }
  /** Where the program itself serves the page, if it was started here. */
  page: string | undefined;

  static readonly there = process.env.EVERYWIRE_BIN !== undefined || process.env.EVERYWIRE_DEMO_URL !== undefined;

  async start(): Promise<this> {
    const program = process.env.EVERYWIRE_BIN;
    if (program === undefined) return this;
    const port = this.http && this.#child ? new URL(this.http).port : "0";
    const child = spawn(program, ["demo", "--port", port, "--www", here("../../dist")], { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    process.once("exit", () => child.kill("SIGKILL"));
    for await (const line of createInterface({ input: child.stdout })) {
      this.page = /^The page:\s+(\S+)/.exec(line)?.[1] ?? this.page;
      const url = /^The server:\s+(\S+)/.exec(line)?.[1];
      if (url === undefined) continue;
      this.http = url;
      break;
    }
    return this;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGKILL");
    await gone;
  }
}

/** The program as a bridge to a child process, which can be started again at the same port: EVERYWIRE_BIN, with the page that was built here. */
export class Bridge {
  #child: ChildProcess | undefined;
  /** The link that it prints, with the token in its fragment. */
  link = "";
  url = "";
  token = "";
  /** What it said on standard error. */
  said = "";

  static readonly there = process.env.EVERYWIRE_BIN !== undefined;
  /** A server of this project over standard input and output, beside the program. */
  static readonly backend = process.env.EVERYWIRE_BIN?.replace(/everywire(\.exe)?$/, "examples/bridge_backend$1") ?? "";
  /** One that shares no code with it. */
  static readonly stranger = [process.execPath, here("../mock-stdio.mjs")];

  async start(options: readonly string[], ...command: readonly string[]): Promise<this> {
    const port = this.url ? new URL(this.url).port : "0";
    const child = spawn(process.env.EVERYWIRE_BIN ?? "", ["bridge", "--listen", `ws://127.0.0.1:${port}`, "--www", here("../../dist"), ...options, "--", ...command]);
    this.#child = child;
    const kill = (): void => void child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
    child.stdin.end();
    child.stderr.on("data", (data: Buffer) => (this.said += data.toString()));
    for await (const line of createInterface({ input: child.stdout })) {
      const [, name, value = ""] = /^The (\w+):\s+(.*)/.exec(line) ?? [];
      if (name === "page") this.link = value;
      if (name === "server") this.url = value;
      if (name === "token") this.token = value;
      if (name === "backend") break;
    }
    return this;
  }

  /** As Ctrl-C does; resolves with the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const gone = new Promise<number | null>((done) => child.once("exit", done));
    child.kill("SIGINT");
    return gone;
  }
}

export async function choose(page: Page, tool: string): Promise<void> {
  await page.locator("button.item", { has: page.locator(".item-title", { hasText: tool }) }).first().click();
  await page.getByRole("heading", { level: 2, name: tool }).waitFor();
}

export const call = (page: Page): Promise<void> => page.getByRole("button", { name: "Call tool" }).click();

/** Asks for an attempt now. The wait is random: the page may be connected again before the button is reached. */
export async function tryNow(page: Page): Promise<void> {
  const button = page.getByRole("button", { name: "Try now" });
  const connected = page.locator(".pill", { hasText: "Connected" });
  await Promise.race([button.click(), connected.waitFor()]);
  await connected.waitFor();
}

export const go = (page: Page, view: string): Promise<void> =>
  page.getByRole("navigation", { name: "Views" }).getByRole("button", { name: new RegExp(`^${view}`) }).click();

interface Violation {
  id: string;
  nodes: { html: string; failureSummary?: string }[];
}

/** What axe finds in the page as it is now. */
export async function violations(page: Page): Promise<string[]> {
  // Through the debugging protocol, which the page's own policy does not forbid.
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: { run: (options: object) => Promise<{ violations: Violation[] }> } }).axe.run;
    return (await run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })).violations;
  });
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary?.split("\n")[1] ?? ""}`));
}

/** Elements that stick out of the window on the right, but for those in boxes that scroll or cut. */
export function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth > width ? [`the page is ${document.documentElement.scrollWidth} px wide`] : [];
    const out = [...document.querySelectorAll<HTMLElement>("#app *, dialog *")].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width > 0 && box.right > width + 1 && !element.closest(".sr, .json, pre, .skip, .event-label");
    });
    return [...wide, ...out.map((element) => `${element.tagName}.${element.className}`)];
  });
}
