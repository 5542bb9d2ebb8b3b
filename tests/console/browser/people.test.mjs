// The console for people: accessible views, the keyboard alone, languages, themes and sizes.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Browser, Server, accessible, message, openChat, say } from "../support.mjs";

/** The folder for README's pictures, if they are wanted, and whether all views are wanted. */
const { SHOTS, SHOTS_ALL } = process.env;
const README = ["light", "dark", "phone", "right-to-left"];

/** @type {Server} */
let server;
/** @type {Browser} */
let browser;

before(async () => {
  server = await Server.start();
  browser = await Browser.start();
  await talk();
});

after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** Fills the demo with chats and messages. */
async function talk() {
  const { id: design } = await server.call("alice", "POST", "/talk_chats", { type: "talk", name: "design", detail: "Colours, type and words" });
  await server.call("alice", "POST", "/talk_chats", { type: "talk", name: "general" });
  await server.call("bob", "POST", `/talk_chats/${design}/join`, {});
  const to = async (from, other, text) => {
    const participants = [{ owner_type: "agent", owner_id: server.agents[other].id }];
    const { id } = await server.call(from, "POST", "/talk_chats", { type: "direct", participants });
    await server.post(from, text, { chat_id: id });
  };
  await to("bob", "alice", "Do you have a minute?");
  await to("carol", "alice", "Lunch at 12:30?");
  await server.post("bob", "The new build is up: https://talk.example.com/builds/118");
  const plan = await server.post("alice", "Thank you! Before we ship, please check:\n1. reading with a screen reader\n2. الكتابة من اليمين إلى اليسار\n3. 中文和日本語のメッセージ");
  await server.post("carol", "I take the second one.", { parent_id: plan.id });
  const first = await server.post("bob", "And I the first. `make console` passes here.", { parent_id: plan.id });
  await server.post("alice", "Great, @bob!", { parent_id: first.id });
  for (const agent of ["bob", "carol"]) await server.call(agent, "POST", `/talk_messages/${plan.id}/reactions`, { emoji: "👍" });
  await server.call("alice", "POST", `/talk_messages/${plan.id}/reactions`, { emoji: "🚀" });
  const wrong = await server.post("carol", "The meeting is on Tusday.");
  await server.call("carol", "PUT", `/talk_messages/${wrong.id}`, { text: "The meeting is on Tuesday." });
  const gone = await server.post("bob", "wrong window");
  await server.call("bob", "DELETE", `/talk_messages/${gone.id}`);
  await server.post("bob", "```\nfn main() {\n    println!(\"Hello, Talk!\");\n}\n```");
  await server.post("carol", "@alice the release notes are ready for you.");
}

/**
 * @param {import("playwright-core").Page} page
 * @param {string} name
 */
async function picture(page, name) {
  if (!SHOTS || !(SHOTS_ALL || README.includes(name))) return;
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(SHOTS, `${name}.png`), animations: "disabled" });
}

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`no view has an accessibility violation, ${colorScheme}`, async () => {
    const page = await browser.page(server.url, { colorScheme });
    await page.getByRole("button", { name: "Alice" }).waitFor();
    await accessible(page, "login");
    await picture(page, `login-${colorScheme}`);
    await page.getByRole("button", { name: "Alice" }).click();
    await page.getByRole("link", { name: "Browse channels" }).last().waitFor();
    await page.getByRole("link", { name: /^Bob/ }).waitFor();
    await accessible(page, "welcome");
    await openChat(page, "Demo");
    await page.getByRole("button", { name: "2 replies" }).click();
    await page.getByRole("complementary").getByText("Great, ").waitFor();
    await picture(page, colorScheme);
    await accessible(page, "chat with thread");
    await message(page, "The meeting is on Tuesday.").hover();
    await accessible(page, "actions");
    await message(page, "The meeting is on Tuesday.").getByRole("button", { name: "Add a reaction" }).click();
    await page.getByRole("searchbox", { name: "Search emoji" }).waitFor();
    await picture(page, `picker-${colorScheme}`);
    await accessible(page, "picker");
    await page.keyboard.press("Escape");
    for (const [button, dialog] of [["Chat settings", "Chat settings"], [/members/, "Members"], ["Create a channel", "Create a channel"], ["Write to somebody", "Write to somebody"]]) {
      await page.getByRole("button", { name: button }).first().click();
      await page.getByRole("dialog", { name: dialog }).waitFor();
      if (dialog === "Members") await page.getByRole("dialog").getByText("Carol").waitFor();
      await picture(page, `${dialog.toLowerCase().replaceAll(" ", "-")}-${colorScheme}`);
      await accessible(page, dialog);
      await page.keyboard.press("Escape");
    }
    for (const keys of ["?", "Control+k"]) {
      await page.locator("main").focus();
      await page.keyboard.press(keys);
      await page.getByRole("dialog").waitFor();
      await accessible(page, keys);
      await page.keyboard.press("Escape");
    }
    for (const view of ["channels", "search?q=the", "people", "webhooks", "account"]) {
      await page.goto(`${server.url}/#/${view}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      if (view.startsWith("search")) await page.getByRole("link", { name: /release notes/ }).waitFor();
      await picture(page, `${view.split("?")[0]}-${colorScheme}`);
      await accessible(page, view);
    }
    await page.context().close();
  });
}

test("the banner without a network is accessible", async () => {
  const page = await browser.agent(server.url, "Alice");
  await page.context().setOffline(true);
  await page.getByText("You are offline.").waitFor();
  await accessible(page, "offline");
  await page.context().close();
});

test("a phone shows the list, the chat or the thread", async () => {
  const page = await browser.agent(server.url, "Alice", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await page.getByRole("link", { name: /^Carol/ }).waitFor();
  await picture(page, "phone-list");
  await accessible(page, "list");
  await openChat(page, "Demo");
  assert.equal(await page.getByRole("navigation", { name: "Chats" }).isVisible(), false);
  await message(page, "The meeting is on Tuesday.").waitFor();
  await picture(page, "phone");
  await accessible(page, "chat");
  const isWider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  assert.equal(isWider, false, "nothing is wider than the screen");
  await page.getByRole("link", { name: "Back to the list of chats" }).click();
  await page.getByRole("navigation", { name: "Chats" }).waitFor();
  await page.context().close();
});

test("in Arabic the page is mirrored", async () => {
  const page = await browser.page(server.url, { locale: "ar" });
  await page.getByRole("button", { name: "Alice" }).click();
  await page.getByRole("navigation", { name: "المحادثات" }).getByRole("link", { name: /^Demo/ }).click();
  await page.getByText("The meeting is on Tuesday.").waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dir), "rtl");
  const list = await page.getByRole("navigation").boundingBox();
  assert.ok(list && list.x > 640, "the list is on the right");
  await page.getByRole("button", { name: "ردّان" }).click();
  await page.getByRole("complementary").waitFor();
  await picture(page, "right-to-left");
  await accessible(page, "Arabic");
  await page.context().close();
});

test("the tutorial needs no mouse", async () => {
  const page = await browser.page(server.url);
  /** Presses Tab until the element with this role and name has the focus. */
  const tabTo = async (role, name) => {
    const target = page.getByRole(role, { name, exact: true }).first();
    for (let count = 0; count < 60; count += 1) {
      if (await target.evaluate((element) => element === document.activeElement).catch(() => false)) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`Tab does not lead to ${role} ${name}`);
  };
  await page.getByRole("button", { name: "Carol" }).waitFor();
  await tabTo("button", "Carol");
  await page.keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Chats" }).waitFor();
  // Create a group with Bob.
  await tabTo("button", "Create a group");
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "Name" }).waitFor();
  await page.keyboard.type("Q1 Project");
  await tabTo("button", /^Bob/);
  await page.keyboard.press("Enter");
  await tabTo("button", "Create");
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "Write to Q1 Project" }).waitFor();
  // Send a message, go to it, reply to it, react to it, edit it.
  await page.keyboard.type("Sprint 1 completed!");
  await page.keyboard.press("Enter");
  await message(page, "Sprint 1 completed!").waitFor();
  await page.keyboard.press("Alt+m");
  await page.keyboard.press("r");
  await page.getByRole("textbox", { name: "Reply…" }).waitFor();
  await page.keyboard.type("What is next?");
  await page.keyboard.press("Enter");
  await page.getByRole("complementary").locator(".text").getByText("What is next?").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("complementary").waitFor({ state: "detached" });
  await page.keyboard.press("Alt+m");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("+");
  await page.getByRole("searchbox", { name: "Search emoji" }).waitFor();
  await page.keyboard.type("thumbsup");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "👍: You" }).waitFor();
  await page.keyboard.press("e");
  await page.getByRole("textbox", { name: "Edit" }).waitFor();
  await page.keyboard.type(" At last.");
  await page.keyboard.press("Enter");
  await message(page, "Sprint 1 completed! At last.").waitFor();
  // Search.
  await page.keyboard.press("Control+/");
  await page.getByRole("searchbox", { name: "Text of the message" }).waitFor();
  await page.keyboard.type("SPRINT");
  await page.getByRole("link", { name: /Sprint 1 completed/ }).waitFor();
  await tabTo("link", /Sprint 1 completed/);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.textContent?.includes("Sprint 1"));
  // Another chat by its name, and the list of shortcuts.
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").waitFor();
  await page.keyboard.type("alice");
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "Write to Alice" }).waitFor();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  assert.deepEqual(browser.errors, []);
});
