// Scripts of others never run, whatever field they are in.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, Server, openChat } from "../support.mjs";

/** Calls the function that reports a script that ran. */
const RUN = "globalThis.ran()";

/** Texts that run a script where they become markup, an attribute, an address or code. */
const PAYLOADS = [
  `<script>${RUN}</script>`,
  `</script><script>${RUN}</script>`,
  `<img src=x onerror=${RUN}>`,
  `<img src=x onerror="${RUN}">`,
  `"><img src=x onerror=${RUN}>`,
  `'><img src=x onerror=${RUN}>`,
  `\`><img src=x onerror=${RUN}>`,
  `" onmouseover="${RUN}" x="`,
  `' onfocus='${RUN}' autofocus x='`,
  `" autofocus onfocus=${RUN} "`,
  `<svg onload=${RUN}>`,
  `<svg/onload=${RUN}>`,
  `<svg><script>${RUN}</script></svg>`,
  `<svg><animate onbegin=${RUN} attributeName=x dur=1s>`,
  `<svg><set onbegin=${RUN} attributeName=x to=1>`,
  `<svg><a xlink:href="javascript:${RUN}"><text>x</text></a></svg>`,
  `<math><mi xlink:href="javascript:${RUN}">x</mi></math>`,
  `<body onload=${RUN}>`,
  `<iframe src="javascript:${RUN}"></iframe>`,
  `<iframe srcdoc="<script>parent.ran()</script>"></iframe>`,
  `<object data="javascript:${RUN}"></object>`,
  `<embed src="javascript:${RUN}">`,
  `<a href="javascript:${RUN}">x</a>`,
  `<a href="java&#115;cript:${RUN}">x</a>`,
  `<form action="javascript:${RUN}"><button>x</button></form>`,
  `<button formaction="javascript:${RUN}" autofocus>x</button>`,
  `<input autofocus onfocus=${RUN}>`,
  `<select autofocus onfocus=${RUN}>`,
  `<textarea autofocus onfocus=${RUN}>`,
  `<details open ontoggle=${RUN}>`,
  `<video><source onerror=${RUN}>`,
  `<video src=x onerror=${RUN}>`,
  `<audio src=x onerror=${RUN}>`,
  `<marquee onstart=${RUN}>`,
  `<meta http-equiv="refresh" content="0;url=javascript:${RUN}">`,
  `<base href="javascript:${RUN}//">`,
  `<link rel=stylesheet href="data:text/css,*{x:expression(${RUN})}">`,
  `<style>@import 'data:text/css,*{}';</style><img src=x onerror=${RUN}>`,
  `<div style="animation-name:flash" onanimationstart=${RUN}>`,
  `<template><script>${RUN}</script></template>`,
  `<noscript><p title="</noscript><img src=x onerror=${RUN}>">`,
  `<!--><img src=x onerror=${RUN}>-->`,
  `<![CDATA[><img src=x onerror=${RUN}>]]>`,
  `<x onclick=${RUN} tabindex=0 autofocus onfocus=${RUN}>`,
  `<custom-element onpointerenter=${RUN}>`,
  `javascript:${RUN}`,
  `JaVaScRiPt:${RUN}`,
  `java\tscript:${RUN}`,
  `javascript://example.com/%0a${RUN}`,
  `data:text/html,<script>parent.ran()</script>`,
  `vbscript:${RUN}`,
  `[x](javascript:${RUN})`,
  `![x](x" onerror="${RUN})`,
  `\`\`\`html\n<script>${RUN}</script>\n\`\`\``,
  `\`<img src=x onerror=${RUN}>\``,
  `@alice<img src=x onerror=${RUN}>`,
  `https://example.com/"onmouseover="${RUN}`,
  `https://example.com/<img src=x onerror=${RUN}>`,
  `\${${RUN}}`,
  `{{constructor.constructor('${RUN}')()}}`,
  `&lt;img src=x onerror=${RUN}&gt;`,
  `\u202e<img src=x onerror=${RUN}>`,
  `<scr\u200bipt>${RUN}</scr\u200bipt>`,
];

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

test(`${PAYLOADS.length} payloads in every field are shown as text`, async () => {
  assert.ok(PAYLOADS.length >= 60);
  const to = { type: "group", participants: [{ owner_type: "agent", owner_id: server.agents.bob.id }] };
  /** @type {string[]} */
  const channels = [];
  for (const [at, payload] of PAYLOADS.entries()) {
    const more = {};
    if (at % 3 === 0) more.medias = [{ type: "image/png", url: "https://example.com/x.png", name: payload }];
    await server.post("alice", payload, more);
    await server.call("alice", "POST", "/talk_chats", { ...to, name: payload, detail: payload });
    const { id } = await server.call("alice", "POST", "/talk_chats", { type: "talk", name: payload, detail: payload });
    channels.push(id);
    const username = `agent${at}"'><x-${at}`;
    await server.call("alice", "POST", "/v1.0/agents", { username, password: "a password", name: payload, detail: payload });
  }
  const last = await server.post("alice", "the last one");
  await server.call("alice", "PUT", `/talk_messages/${last.id}`, { text: PAYLOADS[2] });
  await server.call("alice", "PUT", `/talk_messages/${last.id}`, { text: "edited" });
  for (const payload of PAYLOADS) await server.post("alice", payload, { parent_id: last.id });

  const bob = await browser.page(server.url);
  let runs = 0;
  await bob.exposeFunction("ran", () => (runs += 1));
  await bob.getByRole("button", { name: "Bob" }).click();
  await openChat(bob, "Demo");
  await bob.locator(".message").first().waitFor();
  // Every text of the chat, with the pointer on each message.
  for (let pages = 0; pages < 3; pages += 1) {
    await bob.locator(".messages").first().evaluate((element) => element.scrollTo(0, 0));
    await bob.waitForTimeout(200);
  }
  const rows = bob.locator(".chat-main .message");
  for (let at = 0; at < (await rows.count()); at += 4) await rows.nth(at).hover({ timeout: 2000 }).catch(() => {});
  await bob.goto(`${server.url}/#/chat/${server.chat}/thread/${last.id}`);
  await bob.getByRole("complementary", { name: "Thread" }).locator(".message").nth(20).waitFor();
  for (const view of ["channels", "people", "search?q=ran", "account"]) {
    await bob.goto(`${server.url}/#/${view}`);
    await bob.getByRole("heading", { level: 1 }).waitFor();
    await bob.waitForTimeout(300);
  }
  for (const id of channels.slice(0, 8)) {
    await bob.goto(`${server.url}/#/chat/${id}`);
    await bob.getByRole("button", { name: "Join" }).waitFor();
  }
  await bob.goto(`${server.url}/#/search?q=${encodeURIComponent(PAYLOADS[2] ?? "")}`);
  await bob.waitForTimeout(300);
  await bob.goto(`${server.url}/#/chat/${encodeURIComponent(PAYLOADS[2] ?? "")}`);
  await bob.getByText("This chat does not exist").waitFor();
  // Notices of the policy would mean that something tried.
  assert.deepEqual(browser.errors, []);
  assert.equal(runs, 0);
  // Nothing of others became an element, and every link is one to the web.
  const made = await bob.evaluate(() => document.querySelectorAll("#app script, #app iframe, #app object, #app embed, #app [onerror], #app [onload]").length);
  assert.equal(made, 0);
});

test("the policy refuses scripts even where markup is made of strings", async () => {
  const page = await browser.page(server.url);
  let runs = 0;
  await page.exposeFunction("ran", () => (runs += 1));
  const refused = await page.evaluate(() => {
    try {
      document.body.innerHTML = "<img src=x onerror=globalThis.ran()>";
      return false;
    } catch {
      return true;
    }
  });
  assert.ok(refused);
  assert.equal(runs, 0);
  browser.errors.length = 0;
});
