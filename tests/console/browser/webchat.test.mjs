// The web chat: a visitor on the server's own page and on the page of a shop.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Browser, Server } from "../support.mjs";

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
  server?.stop();
});

/**
 * Writes a message as a visitor and waits until the server has it.
 * @param {import("playwright-core").Page} page
 * @param {string} text
 */
async function write(page, text) {
  await page.getByRole("textbox", { name: "Message" }).fill(text);
  const stored = page.waitForResponse((answer) => answer.request().method() === "POST" && answer.url().endsWith("/messages"));
  await page.keyboard.press("Enter");
  return stored;
}

/** The newest conversation with a visitor. */
async function newest() {
  const { result } = await server.call("alice", "GET", "/v1.0/conversations");
  return result[0];
}

/**
 * The texts of a conversation, the oldest first.
 * @param {string} id
 */
async function texts(id) {
  const { result } = await server.call("alice", "GET", `/v1.0/conversations/${id}/messages?order=asc`);
  return result.map((/** @type {{ text: string }} */ message) => message.text);
}

/**
 * Serves a page that embeds a web chat, on an origin of its own.
 * @param {string} account
 */
async function shop(account) {
  const script = `<script src="${server.url}/webchat.js" data-widget="${account}"></script>`;
  const page = `<!doctype html><title>Shop</title><style>* { color: red !important }</style><h1>Shop</h1>${script}`;
  const site = createServer((_, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end(page);
  });
  await new Promise((done) => site.listen(0, "127.0.0.1", () => done(undefined)));
  const address = site.address();
  assert(address && typeof address === "object");
  return { url: `http://127.0.0.1:${address.port}`, close: () => site.close() };
}

test("a visitor writes, an agent answers, and the visitor reads it", async () => {
  const page = await browser.page(server.visitorPage);
  await write(page, "Do you ship to <b>Seoul</b>? 👋");
  const conversation = await newest();
  assert.deepEqual(await texts(conversation.id), ["Do you ship to <b>Seoul</b>? 👋"]);
  const path = `/v1.0/conversations/${conversation.id}/messages`;
  const told = page.waitForResponse((answer) => answer.url().endsWith("/read") && answer.request().postDataJSON().seq > 2);
  const sent = await server.call("alice", "POST", path, { text: "We do.\n<img src=x onerror=alert(1)>" });
  await page.getByText("We do.").waitFor();
  assert.equal(await page.locator("#talk-webchat img").count(), 0);
  assert((await told).ok());
  const read = await server.call("alice", "GET", `${path}/${sent.id}`);
  assert.equal(read.delivery, "read");
  await page.reload();
  await page.getByText("We do.").waitFor();
  assert.equal(await page.locator("#talk-webchat li").count(), 2);
  assert.deepEqual(browser.errors, []);
});

test("an answer comes by the stream, and by reading anew if no stream is let through", async () => {
  const page = await browser.page(server.visitorPage);
  const following = page.waitForResponse((response) => response.url().includes("/stream?since="));
  await write(page, "Is this live?");
  const { id } = await newest();
  const answer = (/** @type {string} */ text) => server.call("alice", "POST", `/v1.0/conversations/${id}/messages`, { text });
  await following;
  let reads = 0;
  page.on("request", (request) => (reads += Number(request.url().includes("/messages?since="))));
  await answer("the first over the stream");
  await page.getByText("the first over the stream").waitFor();
  await answer("the second over the stream");
  await page.getByText("the second over the stream").waitFor();
  assert.equal(reads, 0);
  await page.route("**/stream?*", (route) => route.abort());
  await page.reload();
  await page.getByText("the second over the stream").waitFor();
  await answer("read without a stream");
  await page.getByText("read without a stream").waitFor();
  assert(reads > 0);
  assert.equal(await page.locator("#talk-webchat li").count(), 4);
  browser.errors.length = 0;
});

test("a deleted message disappears from the page, with a stream and without", async () => {
  const page = await browser.page(server.visitorPage);
  const following = page.waitForResponse((response) => response.url().includes("/stream?since="));
  await write(page, "Which number was it?");
  const path = `/v1.0/conversations/${(await newest()).id}/messages`;
  await following;
  const slip = await server.call("alice", "POST", path, { text: "the wrong number" });
  await page.getByText("the wrong number").waitFor();
  await server.call("alice", "DELETE", `${path}/${slip.id}`);
  await page.getByText("the wrong number").waitFor({ state: "detached" });
  await page.route("**/stream?*", (route) => route.abort());
  await page.reload();
  await page.getByText("Which number was it?").waitFor();
  const other = await server.call("alice", "POST", path, { text: "another wrong number" });
  await page.getByText("another wrong number").waitFor();
  await server.call("alice", "DELETE", `${path}/${other.id}`);
  await page.getByText("another wrong number").waitFor({ state: "detached" });
  assert.equal(await page.locator("#talk-webchat li").count(), 1);
  browser.errors.length = 0;
});

test("an answer that is lost on its way is asked for again, and the message is there once", async () => {
  const page = await browser.page(server.visitorPage);
  let lost = 0;
  await page.route("**/messages", async (route) => {
    if (route.request().method() !== "POST" || lost > 0) return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort();
  });
  await page.getByRole("textbox", { name: "Message" }).fill("once");
  await page.keyboard.press("Enter");
  await page.waitForResponse((answer) => answer.request().method() === "POST" && answer.url().endsWith("/messages") && answer.ok());
  assert.equal(lost, 1);
  assert.deepEqual(await texts((await newest()).id), ["once"]);
  await page.locator("#talk-webchat li").first().waitFor();
  assert.equal(await page.locator("#talk-webchat li").count(), 1);
});

test("a page of another origin embeds the chat if the account admits it", async () => {
  const created = { type: "webchat", name: "Shop" };
  const account = await server.call("alice", "POST", "/v1.0/conversation_accounts", created);
  const site = await shop(account.id);
  try {
    const refused = await browser.page(site.url);
    await refused.getByRole("button", { name: "Chat" }).click();
    await refused.getByRole("textbox", { name: "Message" }).fill("Hello?");
    await refused.keyboard.press("Enter");
    await refused.locator("#talk-webchat li.failed").waitFor();
    const settings = { provider_data: { origins: [site.url] } };
    await server.call("alice", "PUT", `/v1.0/conversation_accounts/${account.id}`, settings);
    const page = await browser.page(site.url);
    await page.getByRole("button", { name: "Chat" }).click();
    await write(page, "Hello!");
    const conversation = await newest();
    assert.equal(conversation.account_id, account.id);
    assert.deepEqual(await texts(conversation.id), ["Hello!"]);
    const colour = await page.locator("#talk-webchat li").first().evaluate((item) => getComputedStyle(item).color);
    assert.equal(colour, "rgb(27, 31, 36)", "styles of the page stay outside");
  } finally {
    site.close();
  }
});

test("messages written before the session began are one conversation, in order", async () => {
  const page = await browser.page(server.visitorPage);
  await page.route("**/sessions", async (route) => {
    await new Promise((done) => setTimeout(done, 300));
    await route.continue();
  });
  for (const text of ["one", "two", "three"]) {
    await page.getByRole("textbox", { name: "Message" }).fill(text);
    await page.keyboard.press("Enter");
  }
  await page.waitForFunction(() => document.querySelector("#talk-webchat")?.shadowRoot?.querySelectorAll("li[data-seq]").length === 3);
  assert.deepEqual(await texts((await newest()).id), ["one", "two", "three"]);
});

test("an answer that arrives after the visitor's next message stands before it", async () => {
  const page = await browser.page(server.visitorPage);
  await write(page, "first");
  const { id } = await newest();
  // The page looks for messages only after the next one is written.
  await page.route("**/messages?*", (route) => route.abort());
  await server.call("alice", "POST", `/v1.0/conversations/${id}/messages`, { text: "second" });
  await write(page, "third");
  await page.unroute("**/messages?*");
  await page.getByText("second").waitFor();
  assert.deepEqual(await page.locator("#talk-webchat li").allTextContents(), ["first", "second", "third"]);
});

test("a visitor sends files, and sees why one is refused", async () => {
  const page = await browser.page(server.visitorPage);
  const choose = page.locator("#talk-webchat input[type=file]");
  const note = { name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("plain words") };
  const page2 = { name: "page.html", mimeType: "text/html", buffer: Buffer.from("<script>alert(1)</script>") };
  await choose.setInputFiles([note, page2]);
  const links = page.locator("#talk-webchat li[data-seq] a");
  await page.waitForFunction(() => document.querySelector("#talk-webchat")?.shadowRoot?.querySelectorAll("li[data-seq] a").length === 2);
  assert.deepEqual(await links.allTextContents(), ["note.txt", "page.html"]);
  const href = await links.first().getAttribute("href");
  assert(href);
  assert.equal(await (await fetch(href)).text(), "plain words");
  const conversation = await newest();
  const { result } = await server.call("alice", "GET", `/v1.0/conversations/${conversation.id}/messages?order=asc`);
  const medias = result.map((/** @type {{ medias: { filename: string, status: string }[] }} */ message) => message.medias[0]);
  assert.deepEqual(medias.map(({ filename, status }) => [filename, status]), [["note.txt", "ready"], ["page.html", "ready"]]);
  await page.route("**/files?*", (route) => route.fulfill({ status: 413, json: { error: { message: "the body may have at most 64 bytes" } } }));
  await choose.setInputFiles([note]);
  await page.getByText("note.txt: the body may have at most 64 bytes").waitFor();
  await page.unroute("**/files?*");
  await page.reload();
  await links.first().waitFor();
  assert.equal(await page.locator("#talk-webchat li").count(), 2);
  browser.errors.length = 0;
});
