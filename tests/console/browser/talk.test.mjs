// Two people in two browsers.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, Server, message, openChat, say } from "../support.mjs";

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

test("two people chat in two browsers without typing a password", async () => {
  const alice = await browser.agent(server.url, "Alice");
  const bob = await browser.agent(server.url, "Bob");
  await openChat(alice, "Demo");
  await openChat(bob, "Demo");
  await say(alice, "Hello, Bob!");
  await message(bob, "Hello, Bob!").waitFor();
  await say(bob, "Hello, Alice!");
  await message(alice, "Hello, Alice!").waitFor();
  assert.equal(await message(alice, "Hello, Bob!").count(), 1);
  assert.deepEqual(browser.errors, []);
});
