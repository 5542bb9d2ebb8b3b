// The parts of the console that need no browser.

import assert from "node:assert/strict";
import { test } from "node:test";

// The globals of a browser that the modules use.
const memory = () => {
  const values = new Map();
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => values.set(key, value), removeItem: (key) => values.delete(key) };
};
Object.assign(globalThis, {
  sessionStorage: memory(),
  localStorage: memory(),
  location: { hash: "", origin: "http://talk.test", href: "http://talk.test/" },
  addEventListener: () => {},
  document: { documentElement: { dataset: {} }, addEventListener: () => {} },
});
const { History, lowerBound } = await import("../assets/history.js");
const { Outbox } = await import("../assets/outbox.js");
const { Positions } = await import("../assets/positions.js");
const { parts } = await import("../assets/rich.js");
const { parse } = await import("../assets/route.js");
const { daysBetween, parseTime } = await import("../assets/time.js");
const { tree } = await import("../assets/views/thread.js");

/** A message, with the time in its `seq`-th second. */
function aMessage(seq, more = {}) {
  const seconds = String(seq % 60).padStart(2, "0");
  const minutes = String(Math.floor(seq / 60)).padStart(2, "0");
  const id = `m${seq}`;
  const tm_create = `2026-01-01 00:${minutes}:${seconds}.000000`;
  return { id, seq, text: `t${seq}`, tm_create, tm_delete: "", reply_count: 0, root_id: id, chat_id: "c", asOf: seq, ...more };
}

const created = (message) => ({ type: "chatmessage_created", chat_id: "c", seq: message.seq, data: message });

/** Answers requests from a chat of so many messages, as the server does. */
function serve(messages, position = messages.length, wait = async () => {}) {
  globalThis.fetch = async (url) => {
    const query = url.searchParams;
    const isRising = query.get("order") === "asc";
    const token = query.get("page_token");
    const size = Number(query.get("page_size"));
    const sorted = isRising ? [...messages] : [...messages].reverse();
    const rest = token ? sorted.filter(({ tm_create }) => (isRising ? tm_create > token : tm_create < token)) : sorted;
    const result = rest.slice(0, size);
    await wait();
    const body = { result, next_page_token: rest.length > size ? result.at(-1).tm_create : "" };
    return { ok: true, status: 200, headers: new Map([["Talk-Position", `e;c=${position}`]]), json: async () => body };
  };
}

test("a window holds a bounded part of a history, whole and in order at both ends", async () => {
  const all = Array.from({ length: 1000 }, (_, at) => aMessage(at + 1));
  serve(all);
  const history = new History("c");
  await history.openAtEnd();
  assert.equal(history.messages.value.at(-1).seq, 1000);
  while (!history.isAtStart.value) {
    await history.loadOlder();
    const seqs = history.messages.value.map(({ seq }) => seq);
    assert.ok(seqs.length <= 300);
    assert.deepEqual(seqs, seqs.map((_, at) => seqs[0] + at), "no gap");
  }
  assert.equal(history.messages.value[0].seq, 1);
  assert.equal(history.isAtEnd.value, false);
  while (!history.isAtEnd.value) await history.loadNewer();
  assert.equal(history.messages.value.at(-1).seq, 1000);
});

test("a message that arrives while a page loads is there once, whichever is first", async () => {
  const all = Array.from({ length: 10 }, (_, at) => aMessage(at + 1));
  const history = new History("c");
  let arrive = () => {};
  serve(all, 10, async () => arrive());
  arrive = () => history.apply(created(aMessage(11)));
  await history.openAtEnd();
  assert.deepEqual(history.messages.value.map(({ seq }) => seq), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  history.apply(created(aMessage(11)));
  assert.equal(history.messages.value.length, 11);
});

test("a window that is not at the end gets no new message, and has it once it is there", async () => {
  const all = Array.from({ length: 120 }, (_, at) => aMessage(at + 1));
  serve(all);
  const history = new History("c");
  await history.openAround(all[10]);
  all.push(aMessage(121));
  history.apply(created(aMessage(121)));
  assert.equal(history.messages.value.at(-1).seq, 61);
  while (!history.isAtEnd.value) await history.loadNewer();
  assert.equal(history.messages.value.at(-1).seq, 121);
});

test("an older state of a message never replaces a newer one, and replies are counted once", () => {
  const history = new History("c");
  history.merge([aMessage(1, { text: "new", asOf: 9 })]);
  history.merge([aMessage(1, { text: "old", asOf: 5 })]);
  assert.equal(history.messages.value[0].text, "new");
  history.apply({ type: "chatmessage_updated", chat_id: "c", seq: 7, data: aMessage(1, { text: "older" }) });
  assert.equal(history.messages.value[0].text, "new");
  const reply = aMessage(10, { parent_id: "m1", root_id: "m1" });
  history.apply(created(reply));
  history.apply(created(reply));
  assert.equal(history.messages.value[0].reply_count, 1);
});

test("the first message whose seq is not less is found", () => {
  const list = [2, 4, 6].map((seq) => ({ seq }));
  assert.deepEqual([1, 2, 3, 6, 7].map((seq) => lowerBound(list, seq)), [0, 0, 1, 2, 3]);
});

test("positions take each event once and resume behind the last", () => {
  const positions = new Positions();
  assert.deepEqual(positions.resume(), {});
  assert.deepEqual(positions.subscribed({ epoch: "e", chats: { c: { from: 5, head: 4 } } }), ["c"]);
  assert.equal(positions.advance("c", 5), true);
  assert.equal(positions.advance("c", 5), false);
  assert.deepEqual(positions.resume(), { epoch: "e", since: { c: 5 } });
  assert.deepEqual(positions.subscribed({ epoch: "e", chats: { c: { from: 6, head: 5 } } }), []);
});

test("messages of a chat are sent one after the other, and again with the same key after a cut", () => {
  sessionStorage.removeItem("talk-outbox");
  const sent = [];
  let isOpen = true;
  const outbox = new Outbox("a", (item) => isOpen && Boolean(sent.push(item)));
  outbox.post({ chat: "c", text: "one" });
  outbox.post({ chat: "c", text: "two" });
  outbox.post({ chat: "d", text: "elsewhere" });
  assert.deepEqual(sent.map(({ text }) => text), ["one", "elsewhere"]);
  isOpen = false;
  outbox.cut();
  isOpen = true;
  outbox.flush();
  assert.equal(sent[2].key, sent[0].key);
  outbox.posted(sent[0].key);
  assert.equal(sent.at(-1).text, "two");
  outbox.refused(sent.at(-1).key, "CHAT_CLOSED", "closed");
  const failed = outbox.items.value.find(({ text }) => text === "two");
  assert.deepEqual([failed.state, failed.error], ["failed", "closed"]);
  const reloaded = new Outbox("a", () => true);
  assert.deepEqual(reloaded.items.value.map(({ text, state }) => [text, state]), [["two", "failed"], ["elsewhere", "queued"]]);
  assert.deepEqual(new Outbox("b", () => true).items.value, [], "of another agent");
});

test("an answer after the end of a session sends nothing, and leaves the next one's queue alone", () => {
  sessionStorage.removeItem("talk-outbox");
  const sent = [];
  const outbox = new Outbox("a", (item) => Boolean(sent.push(item)));
  outbox.post({ chat: "c", text: "one" });
  outbox.post({ chat: "c", text: "two" });
  outbox.end();
  const next = new Outbox("b", () => true);
  next.post({ chat: "c", text: "of b" });
  outbox.posted(sent[0].key);
  outbox.flush();
  assert.equal(sent.length, 1);
  assert.deepEqual(new Outbox("b", () => true).items.value.map(({ text }) => text), ["of b"]);
});

test("an own message that arrives before its answer is not shown twice", () => {
  sessionStorage.removeItem("talk-outbox");
  const outbox = new Outbox("a", () => true);
  outbox.post({ chat: "c", text: "one" });
  outbox.arrived({ id: "m", chat_id: "c", text: "one" });
  assert.equal(outbox.items.value[0].arrived, "m");
  outbox.posted(outbox.items.value[0].key);
  assert.deepEqual(outbox.items.value, []);
});

test("texts are split into links, mentions and code, and nothing is lost", () => {
  const split = (text) => parts(text, (name) => ["bob", "bo"].includes(name)).map(({ kind, text: part }) => `${kind}:${part}`);
  assert.deepEqual(split("a https://x.org/a_(b)."), ["text:a ", "link:https://x.org/a_(b)", "text:."]);
  assert.deepEqual(split("(see http://x.org)"), ["text:(see ", "link:http://x.org", "text:)"]);
  assert.deepEqual(split("@bob. @nobody a@bob"), ["mention:@bob", "text:. @nobody a@bob"]);
  assert.deepEqual(split("`@bob` ```js\nx```"), ["code:@bob", "text: ", "block:x"]);
  assert.deepEqual(split("javascript:alert(1) <b>"), ["text:javascript:alert(1) <b>"]);
  assert.deepEqual(split("http://[x"), ["text:http://[x"]);
});

test("hostile texts are split in linear time", () => {
  for (const piece of ["`", "```", "@", "http://(", "((((", "@a.", "😀"]) {
    const found = parts(piece.repeat(16_000 / piece.length), () => false);
    assert.ok(found.length < 20_000, piece);
  }
});

test("a reply stands below its parent, at any depth", () => {
  const row = (id, parent_id) => ({ ...aMessage(Number(id.slice(1))), id, parent_id, root_id: "m1" });
  const rows = tree([row("m1"), row("m2", "m1"), row("m3", "m1"), row("m4", "m2"), row("m5", "m4")], "m1");
  assert.deepEqual(rows.map(({ message, depth }) => `${message.id}:${depth}`), ["m1:0", "m2:1", "m4:2", "m5:3", "m3:1"]);
  const deep = [row("m1")];
  for (let at = 2; at <= 5000; at += 1) deep.push(row(`m${at}`, `m${at - 1}`));
  assert.equal(tree(deep, "m1").at(-1).depth, 4999);
});

test("places are read from the address", () => {
  assert.deepEqual([parse("#/chat/c/thread/r").chat, parse("#/chat/c/thread/r").thread], ["c", "r"]);
  assert.equal(parse("#/search?q=a").query.get("q"), "a");
  assert.equal(parse("#/nowhere").view, "none");
});

test("days are counted by the calendar", () => {
  assert.equal(daysBetween(new Date(2026, 0, 1, 23, 59), new Date(2026, 0, 2, 0, 1)), 1);
  assert.equal(parseTime("2026-01-02 03:04:05.678901").toISOString(), "2026-01-02T03:04:05.678Z");
});
