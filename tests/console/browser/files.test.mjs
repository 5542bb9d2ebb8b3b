// Files: by button, by pasting and by dropping, with a preview, and saved again.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Browser, Server, openChat } from "../support.mjs";

/** A picture of one pixel. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** @type {Server} */
let server;
/** @type {Browser} */
let browser;

before(async () => {
  server = await Server.start({ TALK_FILE_MAX_BYTES: "100000" });
  browser = await Browser.start();
});

after(async () => {
  await browser?.stop();
  server?.stop();
});

/**
 * Pastes or drops a file on the field.
 * @param {import("playwright-core").Page} page
 * @param {"paste" | "drop"} type
 * @param {string} name
 */
async function give(page, type, name) {
  await page.getByRole("textbox", { name: "Write to Demo" }).evaluate(
    (field, [kind, name]) => {
      const data = new DataTransfer();
      data.items.add(new File([`content of ${name}`], name, { type: "text/plain" }));
      const event =
        kind === "paste"
          ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
          : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
      field.dispatchEvent(event);
    },
    [type, name],
  );
  await page.getByRole("button", { name: `Remove: ${name}` }).waitFor();
}

test("files by button, paste and drop arrive with a preview, and are saved byte for byte", async () => {
  const alice = await browser.agent(server.url, "Alice");
  const bob = await browser.agent(server.url, "Bob");
  await openChat(alice, "Demo");
  await openChat(bob, "Demo");
  const name = "<img src=x onerror=alert(1)> 图.png";
  const chosen = alice.waitForEvent("filechooser");
  await alice.getByRole("button", { name: "Attach files" }).click();
  await (await chosen).setFiles([{ name, mimeType: "image/png", buffer: PNG }]);
  await give(alice, "paste", "pasted.txt");
  await give(alice, "drop", "dropped.txt");
  await alice.getByRole("button", { name: "Send" }).and(alice.locator(":enabled")).click();
  await bob.getByRole("img", { name }).waitFor();
  await bob.getByRole("button", { name: /pasted\.txt/ }).waitFor();
  const saved = bob.waitForEvent("download");
  await bob.getByRole("button", { name: /dropped\.txt/ }).click();
  const file = await (await saved).path();
  assert.equal(readFileSync(file, "utf8"), "content of dropped.txt");
  assert.equal(await alice.getByRole("button", { name: /^Remove: / }).count(), 0);
  assert.deepEqual(browser.errors, []);
});

test("a file that is removed before sending is not sent, and a refused one says why", async () => {
  const alice = await browser.agent(server.url, "Alice");
  await openChat(alice, "Demo");
  await give(alice, "paste", "unwanted.txt");
  await alice.getByRole("button", { name: "Remove: unwanted.txt" }).click();
  assert.equal(await alice.getByRole("button", { name: "Send" }).isDisabled(), true);
  const chosen = alice.waitForEvent("filechooser");
  await alice.getByRole("button", { name: "Attach files" }).click();
  const buffer = Buffer.alloc(200_000);
  await (await chosen).setFiles([{ name: "large.bin", mimeType: "application/octet-stream", buffer }]);
  await alice.locator(".attachments .error").waitFor();
  assert.equal(await alice.getByRole("button", { name: "Send" }).isDisabled(), true);
});
