// A demo server of its own for each suite, and browsers that log in.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Settings under which one address may do everything at once. */
const SETTINGS = { TALK_AGENT_RATE: "0", TALK_CUSTOMER_RATE: "0", TALK_ADDRESS_RATE: "0", TALK_LOG: "warn" };

/** Errors that a browser reports by itself, after refusals and without a network. */
const EXPECTED = /Failed to load resource|WebSocket connection to/;

/** A `talk-server dev` with its data in a folder of its own. */
export class Server {
  /** @param {Record<string, string>} [settings] */
  static async start(settings = {}) {
    for (let attempt = 0; ; attempt += 1) {
      const server = new Server(settings);
      try {
        await server.#isReady();
        return server;
      } catch (error) {
        await server.stop();
        if (attempt === 4) throw error;
      }
    }
  }

  /** @param {Record<string, string>} settings */
  constructor(settings) {
    this.folder = mkdtempSync(join(tmpdir(), "console-"));
    // Below the ports that the system gives to outgoing connections.
    this.port = 10_000 + Math.floor(Math.random() * 20_000);
    const env = { ...process.env, ...SETTINGS, ...settings };
    const flags = ["dev", "--json", "--bind", `127.0.0.1:${this.port}`, "--admin-bind", ""];
    flags.push("--data-dir", join(this.folder, "data"));
    const binary = process.env.SERVER ?? "";
    this.process = spawn(binary, flags, { env, cwd: this.folder, stdio: ["ignore", "pipe", "inherit"] });
  }

  async #isReady() {
    const lines = createInterface({ input: this.process.stdout });
    for await (const line of lines) {
      const banner = JSON.parse(line);
      this.url = banner.url;
      this.chat = banner.chat_id;
      this.agents = banner.agents;
      this.visitorPage = banner.visitor_page;
      break;
    }
    if (!this.url) throw new Error("the server did not start");
    while (!(await fetch(`${this.url}/readyz`).catch(() => null))?.ok) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /**
   * A request as an agent of the demo.
   * @param {string} agent
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  async call(agent, method, path, body) {
    const headers = { Authorization: `Bearer ${this.agents[agent].token}`, "Content-Type": "application/json" };
    const prefix = path.startsWith("/v1.0") ? "" : "/v1.0/service_agents";
    const url = `${this.url}${prefix}${path}`;
    const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    const data = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(data)}`);
    return data;
  }

  /**
   * Posts a message as an agent.
   * @param {string} agent
   * @param {string} text
   * @param {object} [more]
   */
  post(agent, text, more = {}) {
    return this.call(agent, "POST", "/talk_messages", { chat_id: this.chat, text, ...more });
  }

  async stop() {
    if (this.process.exitCode === null) {
      const end = once(this.process, "exit");
      this.process.kill();
      await end;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A browser whose pages report every error. */
export class Browser {
  static async start() {
    const args = ["--no-sandbox"];
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args });
    return new Browser(browser);
  }

  /** @param {import("playwright-core").Browser} browser */
  constructor(browser) {
    this.browser = browser;
    /** @type {string[]} */
    this.errors = [];
  }

  /**
   * A page in a context of its own.
   * @param {string} url
   * @param {import("playwright-core").BrowserContextOptions} [options]
   */
  async page(url, options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en", ...options });
    context.setDefaultTimeout(30_000);
    // ASSETS names the folder of files that are tested without building the server again.
    const assets = process.env.ASSETS;
    if (assets) {
      await context.route(/\/console\/[0-9a-f]+\//, (route) => {
        const [, name = ""] = /\/console\/[0-9a-f]+\/(.*)$/.exec(route.request().url()) ?? [];
        return route.fulfill({ path: join(assets, name) });
      });
    }
    const page = await context.newPage();
    page.on("pageerror", (error) => this.errors.push(String(error.stack ?? error)));
    page.on("console", (message) => {
      const isPolicy = message.text().includes("Content Security Policy");
      if (isPolicy || (message.type() === "error" && !EXPECTED.test(message.text()))) {
        this.errors.push(message.text());
      }
    });
    await page.goto(url);
    return page;
  }

  /**
   * A page of an agent of the demo, who logs in with one click.
   * @param {string} url
   * @param {string} name
   * @param {import("playwright-core").BrowserContextOptions} [options]
   */
  async agent(url, name, options) {
    const page = await this.page(url, options);
    await page.getByRole("button", { name }).click();
    await page.getByRole("navigation", { name: "Chats" }).waitFor();
    return page;
  }

  async stop() {
    await this.browser.close();
  }
}

/**
 * Opens a chat from the list.
 * @param {import("playwright-core").Page} page
 * @param {string} name
 */
export async function openChat(page, name) {
  await page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: new RegExp(`^${name}`) }).click();
  await page.getByRole("textbox", { name: `Write to ${name}` }).waitFor();
}

/**
 * Writes a message into the open chat and sends it.
 * @param {import("playwright-core").Page} page
 * @param {string} text
 */
export async function say(page, text) {
  const field = page.getByRole("textbox", { name: /^Write to/ });
  await field.fill(text);
  await field.press("Enter");
}

/**
 * The message with a text.
 * @param {import("playwright-core").Page} page
 * @param {string} text
 */
export function message(page, text) {
  const whole = new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}( \\(edited\\))?$`);
  return page.locator(".message").filter({ has: page.locator(".text", { hasText: whole }) });
}

/**
 * Asserts that axe finds no violation on a page.
 * @param {import("playwright-core").Page} page
 * @param {string} view
 */
export async function accessible(page, view) {
  // Through the debugger: the page's own policy allows no other script.
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`) }));
  });
  assert.deepEqual(violations, [], view);
}
