// The list of messages is whole after a cut of the network, and any history can be scrolled.

import assert from "node:assert/strict";
import { createServer, connect } from "node:net";
import { after, before, test } from "node:test";
import { Browser, Server, message, openChat, say } from "../support.mjs";

/** Seconds that the network is cut, and messages that pass meanwhile. */
const CUT_SECONDS = Number(process.env.CUT_SECONDS ?? 60);
const PASSING = 500;

/** Messages of the long history. */
const LONG = Number(process.env.LONG ?? 100_000);

/** @type {Server} */
let server;
/** @type {Browser} */
let browser;

before(async () => {
  server = await Server.start();
  browser = await Browser.start();
});

after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** A network between a browser and the server that can be cut: then no byte passes and nothing closes. */
class Network {
  /** @param {number} port */
  constructor(port) {
    this.isCut = false;
    /** @type {Set<import("node:net").Socket>} */
    this.sockets = new Set();
    this.proxy = createServer((inner) => {
      const outer = connect(port, "127.0.0.1");
      for (const [from, to] of [[inner, outer], [outer, inner]]) {
        this.sockets.add(from);
        from.on("data", (bytes) => !this.isCut && to.write(bytes));
        from.on("close", () => this.isCut || to.destroy());
        from.on("error", () => {});
      }
    });
  }

  /** @returns {Promise<string>} the address for the browser */
  start() {
    return new Promise((resolve) => {
      this.proxy.listen(0, "127.0.0.1", () => {
        const address = /** @type {import("node:net").AddressInfo} */ (this.proxy.address());
        resolve(`http://127.0.0.1:${address.port}`);
      });
    });
  }

  cut() {
    this.isCut = true;
  }

  /** Connections of before the cut stay dead, new ones work. */
  mend() {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
    this.isCut = false;
  }

  stop() {
    this.mend();
    this.proxy.close();
  }
}

/**
 * The texts on the screen, from the first to the last.
 * @param {import("playwright-core").Page} page
 */
function texts(page) {
  return page.locator(".message .text").allTextContents();
}

test("after a minute without network nothing is missing, doubled or out of order", async () => {
  const network = new Network(server.port);
  const url = await network.start();
  const alice = await browser.agent(url, "Alice");
  await openChat(alice, "Demo");
  await say(alice, "before the cut");
  await message(alice, "before the cut").waitFor();
  network.cut();
  const cutAt = Date.now();
  await say(alice, "written during the cut, one");
  await say(alice, "written during the cut, two");
  for (let number = 0; number < PASSING; number += 1) await server.post("bob", `passing ${number}`);
  await alice.getByText("You are offline. 2 messages will be sent later.").waitFor({ timeout: 60_000 });
  assert.equal(await alice.locator(".pending.queued").count(), 2);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, CUT_SECONDS * 1000 - (Date.now() - cutAt))));
  network.mend();
  await alice.getByText("You are offline").waitFor({ state: "detached", timeout: 30_000 });
  await message(alice, "written during the cut, two").waitFor({ timeout: 30_000 });
  await alice.locator(".pending").first().waitFor({ state: "detached" });

  // The server's log decides: walk the page from its end to its start, and compare.
  const { result } = await server.call("bob", "GET", `/talk_events?chat_id=${server.chat}&since=0&limit=1000`);
  const log = result.filter((event) => event.type === "chatmessage_created").map((event) => event.data.text);
  /** @type {string[]} */
  let seen = [];
  const box = alice.locator(".messages").first();
  for (let pages = 0; pages < 60; pages += 1) {
    const shown = await texts(alice);
    const overlap = shown.indexOf(seen[0] ?? "");
    seen = overlap < 0 ? (seen.length ? seen : shown) : [...shown.slice(0, overlap), ...seen];
    if (seen[0] === log[0]) break;
    await box.evaluate((element) => element.scrollTo(0, 0));
    await alice.waitForTimeout(100);
  }
  assert.deepEqual(seen, log);
  assert.equal(log.filter((text) => text.startsWith("written during")).length, 2);
  network.stop();
});

test("a history of any length is scrolled to its start with bounded memory, and without jumps", async () => {
  const { id } = await server.call("alice", "POST", "/talk_chats", { type: "group", name: "Long" });
  let next = 0;
  const post = async () => {
    while (next < LONG) {
      const number = (next += 1);
      await server.post("alice", `number ${number}`, { chat_id: id });
    }
  };
  await Promise.all(Array.from({ length: 64 }, post));
  const alice = await browser.agent(server.url, "Alice");
  await openChat(alice, "Long");
  await alice.locator(".message").first().waitFor();
  const box = alice.locator(".messages").first();
  const client = await alice.context().newCDPSession(alice);
  const heap = async () => {
    await client.send("HeapProfiler.collectGarbage");
    const { metrics } = await client.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? 0;
  };
  await client.send("Performance.enable");
  const before = await heap();
  let jumps = 0;
  let most = 0;
  for (let steps = 0; steps < LONG; steps += 1) {
    // The row at the top stays where it is while the page before it is added.
    const state = await box.evaluate(async (element) => {
      element.scrollTo(0, 300);
      await new Promise(requestAnimationFrame);
      const top = element.getBoundingClientRect().top;
      const row = [...element.querySelectorAll("[data-message]")].find((one) => one.getBoundingClientRect().bottom > top);
      const at = row?.getBoundingClientRect().top ?? 0;
      const first = () => element.querySelector("[data-message]");
      const oldest = first();
      for (let frames = 0; frames < 300 && first() === oldest && !element.textContent?.includes("This is the beginning"); frames += 1) {
        await new Promise(requestAnimationFrame);
      }
      const moved = row?.isConnected ? Math.abs(row.getBoundingClientRect().top - at) : 0;
      return { moved, rows: element.querySelectorAll("[data-message]").length, isStart: element.textContent?.includes("This is the beginning") };
    });
    if (state.moved > 2) jumps += 1;
    most = Math.max(most, state.rows);
    if (state.isStart) break;
  }
  await box.evaluate((element) => element.scrollTo(0, 0));
  await alice.locator(".message .text").first().waitFor();
  const first = await texts(alice);
  const numbers = first.map((text) => Number(text.replace("number ", "")));
  assert.equal(new Set(numbers).size, numbers.length, "none twice");
  const grown = (await heap()) - before;
  console.log(`rows at most ${most}, jumps ${jumps}, heap grew by ${(grown / 1048576).toFixed(1)} MiB`);
  assert.ok(most <= 310, `at most a window of rows: ${most}`);
  assert.equal(jumps, 0);
  assert.ok(grown < 16 * 1048576, `bounded memory: ${grown}`);
  await alice.getByRole("button", { name: "To the newest" }).click();
  await alice.getByRole("button", { name: "To the newest" }).waitFor({ state: "detached" });
  assert.deepEqual(browser.errors, []);
});
