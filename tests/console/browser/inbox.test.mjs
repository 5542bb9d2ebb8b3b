// Conversations with people outside: visitors write on one side, agents answer in the console.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { Browser, Server, accessible } from "../support.mjs";

/** @type {Server} */
let server;
/** @type {Browser} */
let browser;
/** @type {import("playwright-core").Page} */
let alice;
/** @type {import("playwright-core").Page} */
let bob;

before(async () => {
  server = await Server.start();
  browser = await Browser.start();
  alice = await browser.agent(server.url, "Alice");
  bob = await browser.agent(server.url, "Bob");
});

afterEach(() => assert.deepEqual(browser.errors.splice(0), []));

after(async () => {
  await browser?.stop();
  await server?.stop();
});

/**
 * A visitor who has written a message.
 * @param {string} text
 */
async function visitor(text) {
  const page = await browser.page(server.visitorPage);
  await page.getByRole("textbox", { name: "Message" }).fill(text);
  const stored = page.waitForResponse((answer) => answer.request().method() === "POST" && answer.url().endsWith("/messages"));
  await page.keyboard.press("Enter");
  await stored;
  return page;
}

/** @param {import("playwright-core").Page} page @param {string} folder */
async function openInbox(page, folder) {
  await page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: "Inbox" }).click();
  await page.getByRole("navigation", { name: "Folders" }).getByRole("link", { name: folder }).click();
}

test("an agent claims a visitor, answers, and both read each other", async () => {
  const page = await visitor("Do you ship to Seoul?");
  await openInbox(bob, "Waiting");
  await bob.getByRole("button", { name: /^Claim/ }).first().click();
  await bob.getByRole("navigation", { name: "Folders" }).getByRole("link", { name: "Mine" }).click();
  await bob.locator(".inbox-row a").first().click();
  const thread = bob.locator(".conversation");
  await thread.getByText("Do you ship to Seoul?").waitFor();
  await bob.getByRole("textbox", { name: /^Write to/ }).fill("We do. <img src=x onerror=alert(1)>");
  await bob.keyboard.press("Enter");
  await page.getByText("We do.").waitFor();
  assert.equal(await thread.locator("img").count(), 0);
  await page.getByRole("textbox", { name: "Message" }).fill("Great, thank you!");
  await page.keyboard.press("Enter");
  await thread.getByText("Great, thank you!").waitFor();
  await thread.getByText("Read", { exact: true }).waitFor();
  await accessible(bob, "a conversation");
  await page.context().close();
});

test("a search finds a conversation by what was written in it", async () => {
  const page = await visitor("Where is my zeppelin?");
  await openInbox(alice, "All");
  const rows = alice.locator(".inbox-row");
  await rows.nth(1).waitFor();
  const search = alice.getByRole("searchbox", { name: "Search names and messages" });
  await search.fill("ZEPPELIN");
  await alice.waitForFunction(() => document.querySelectorAll(".inbox-row").length === 1);
  await rows.locator("a").click();
  await alice.locator(".conversation").getByText("Where is my zeppelin?").waitFor();
  await search.fill("no such word");
  await alice.getByText("No conversation here contains this.").waitFor();
  await accessible(alice, "a search without results");
  await search.fill("");
  await rows.nth(1).waitFor();
  await page.context().close();
});

test("an agent deletes a message, and it is gone for everybody", async () => {
  const page = await visitor("My card number is 1234");
  await openInbox(alice, "All");
  await alice.locator(".inbox-row a").first().click();
  const thread = alice.locator(".conversation");
  await thread.getByText("My card number is 1234").waitFor();
  await accessible(alice, "a message that can be deleted");
  await thread.getByRole("button", { name: "Delete" }).click();
  await alice.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await thread.getByText("This message was deleted.").waitFor();
  assert.equal(await thread.getByText("My card number is 1234").count(), 0);
  assert.equal(await thread.getByRole("button", { name: "Delete" }).count(), 0);
  await page.getByText("My card number is 1234").waitFor({ state: "detached" });
  await page.context().close();
});

test("an admin reads all, gives a conversation to somebody, and closes it; a message opens it again", async () => {
  const page = await visitor("Is anybody there?");
  await openInbox(alice, "All");
  await alice.locator(".inbox-row a").first().click();
  const thread = alice.locator(".conversation");
  await thread.getByText("Is anybody there?").waitFor();
  await alice.getByRole("button", { name: "Details" }).click();
  const form = alice.getByRole("form", { name: "Details" });
  await form.getByRole("textbox", { name: "Name" }).fill("Kim");
  await form.getByRole("combobox", { name: "Owner" }).selectOption({ label: "Carol" });
  await form.getByRole("button", { name: "Save" }).click();
  await thread.getByText("Owner: Carol").waitFor();
  await alice.getByRole("heading", { name: /Kim/ }).waitFor();
  await accessible(alice, "the details");
  await thread.getByRole("button", { name: "Close", exact: true }).click();
  await thread.getByRole("button", { name: "Reopen" }).waitFor();
  await page.getByRole("textbox", { name: "Message" }).fill("One more thing");
  await page.keyboard.press("Enter");
  await thread.getByText("One more thing").waitFor();
  await thread.getByRole("button", { name: "Close", exact: true }).waitFor();
  await page.context().close();
});

test("answers without a network are kept, and sent once and in order when it is back, wherever the agent is", async () => {
  const page = await visitor("Are you open today?");
  await openInbox(alice, "All");
  await alice.locator(".inbox-row a").first().click();
  await alice.locator(".conversation").getByText("Are you open today?").waitFor();
  await alice.context().setOffline(true);
  const texts = ["Until six.", "On Sundays too.", "And on holidays."];
  for (const text of texts) {
    await alice.getByRole("textbox", { name: /^Write to/ }).fill(text);
    await alice.keyboard.press("Enter");
  }
  await alice.getByText("Will be sent when you are online").first().waitFor();
  await alice.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: "Demo" }).click();
  await alice.context().setOffline(false);
  for (const text of texts) await page.getByText(text).waitFor();
  const { result } = await server.call("alice", "GET", "/v1.0/conversations");
  const stored = await server.call("alice", "GET", `/v1.0/conversations/${result[0].id}/messages?order=asc`);
  assert.deepEqual(stored.result.map(({ text }) => text), ["Are you open today?", ...texts]);
  await page.context().close();
});

test("unread messages are counted until the agent has seen them, and agents who are added take part", async () => {
  const page = await visitor("Where is my parcel?");
  await openInbox(bob, "Waiting");
  await bob.getByRole("button", { name: /^Claim/ }).first().click();
  await bob.getByRole("navigation", { name: "Folders" }).getByRole("link", { name: "Mine" }).click();
  const row = bob.locator(".inbox-row").first();
  await row.getByText("1 unread message").waitFor();
  await accessible(bob, "an unread conversation");
  await row.getByRole("link").click();
  await row.getByText("unread").waitFor({ state: "detached" });
  await page.getByRole("textbox", { name: "Message" }).fill("It should have come on Friday.");
  await page.keyboard.press("Enter");
  await bob.locator(".conversation").getByText("on Friday").waitFor();
  await bob.getByRole("button", { name: "Details" }).click();
  const taking = bob.getByRole("region", { name: "Taking part" });
  await taking.getByText("Only the owner takes part.").waitFor();
  await taking.getByRole("button", { name: "Add people" }).click();
  await taking.getByRole("searchbox").fill("carol");
  await taking.getByRole("button", { name: /Carol/ }).click();
  await accessible(bob, "who takes part");
  const carol = await browser.agent(server.url, "Carol");
  await openInbox(carol, "Mine");
  await carol.locator(".inbox-row").first().getByText("2 unread messages").waitFor();
  await carol.locator(".inbox-row a").first().click();
  await carol.getByRole("textbox", { name: /^Write to/ }).fill("It is at our depot.");
  await carol.keyboard.press("Enter");
  await page.getByText("It is at our depot.").waitFor();
  await taking.getByRole("button", { name: "Remove: Carol" }).click();
  await carol.getByText("This conversation does not exist, or it is somebody else's.").waitFor();
  await carol.context().close();
  await page.context().close();
});

test("earlier messages are loaded on demand, in order", async () => {
  const page = await visitor("message 0");
  const { result } = await server.call("alice", "GET", "/v1.0/conversations");
  const path = `/v1.0/conversations/${result[0].id}/messages`;
  for (let number = 1; number < 70; number += 1) await server.call("alice", "POST", path, { text: `message ${number}` });
  await openInbox(alice, "All");
  await alice.locator(".inbox-row a").first().click();
  await alice.locator(".bubble").nth(49).waitFor();
  await alice.getByRole("button", { name: "Show earlier messages" }).click();
  await alice.locator(".bubble").nth(69).waitFor();
  const texts = await alice.locator(".bubble .text").allTextContents();
  assert.deepEqual(texts, Array.from({ length: 70 }, (_, number) => `message ${number}`));
  await page.context().close();
});

test("an admin adds a web chat, and its page takes messages", async () => {
  await openInbox(alice, "All");
  await alice.getByRole("link", { name: "Accounts" }).click();
  await alice.getByRole("button", { name: "Add a web chat" }).first().click();
  await alice.getByRole("textbox", { name: "Name" }).fill("Shop");
  await alice.locator("form").getByRole("button", { name: "Add a web chat" }).click();
  const card = alice.getByRole("region", { name: "Shop" });
  await card.getByText("/webchat.js").waitFor();
  await accessible(alice, "accounts");
  const href = await card.getByRole("link", { name: "Open as a visitor" }).getAttribute("href");
  const page = await browser.page(`${server.url}${href}`);
  await page.getByRole("textbox", { name: "Message" }).waitFor();
  await page.context().close();
  await card.getByRole("button", { name: "Delete" }).click();
  await alice.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await card.waitFor({ state: "detached" });
});

test("a visitor and an agent see each other typing", async () => {
  const page = await visitor("Are you there?");
  await openInbox(bob, "Waiting");
  await bob.getByRole("button", { name: /^Claim/ }).first().click();
  await bob.getByRole("navigation", { name: "Folders" }).getByRole("link", { name: "Mine" }).click();
  await bob.locator(".inbox-row a").first().click();
  await bob.locator(".conversation").getByText("Are you there?").waitFor();
  await page.getByRole("textbox", { name: "Message" }).pressSequentially("And");
  await bob.locator(".conversation .typing").getByText("is typing").waitFor();
  await bob.getByRole("textbox", { name: /^Write to/ }).pressSequentially("Yes");
  await page.getByText("Typing …").waitFor();
  await bob.keyboard.press("Enter");
  await page.locator("#talk-webchat li", { hasText: "Yes" }).waitFor();
  await page.getByText("Typing …").waitFor({ state: "detached" });
});

test("files go both ways, and a message that has failed is sent again", async () => {
  const page = await visitor("Here is a picture");
  const pixel = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
  const picture = { name: "pixel.gif", mimeType: "image/gif", buffer: pixel };
  await page.locator("#talk-webchat input[type=file]").setInputFiles([picture]);
  await openInbox(bob, "Waiting");
  await bob.getByRole("button", { name: /^Claim/ }).first().click();
  await bob.getByRole("navigation", { name: "Folders" }).getByRole("link", { name: "Mine" }).click();
  await bob.locator(".inbox-row a").first().click();
  const thread = bob.locator(".conversation");
  await thread.locator(".bubble.incoming .preview img").waitFor();
  await thread.getByRole("button", { name: "pixel.gif" }).waitFor();
  await thread.locator("input[type=file]").setInputFiles([{ name: "prices.txt", mimeType: "text/plain", buffer: Buffer.from("all free") }]);
  await thread.getByRole("button", { name: "Send", exact: true }).click();
  const link = page.locator("#talk-webchat a", { hasText: "prices.txt" });
  await link.waitFor();
  assert.equal(await (await fetch(/** @type {string} */ (await link.getAttribute("href")))).text(), "all free");

  const failure = { code: "30003", reason: "Unreachable handset", permanent: true };
  await bob.route(/conversations\/[^/]*\/messages\?/, async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    for (const row of body.result) if (row.direction === "outgoing") Object.assign(row, { delivery: "failed", failure });
    await route.fulfill({ response: answer, json: body });
  });
  await page.getByRole("textbox", { name: "Message" }).fill("Thanks");
  await page.keyboard.press("Enter");
  await thread.getByText("Unreachable handset").waitFor();
  const retried = bob.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/retry"));
  await thread.getByRole("button", { name: "Send again" }).click();
  await retried;
  // The real message has arrived, which the server says.
  await thread.getByRole("alert").waitFor();
  await bob.unroute(/conversations\/[^/]*\/messages\?/);
  browser.errors.length = 0;
});
