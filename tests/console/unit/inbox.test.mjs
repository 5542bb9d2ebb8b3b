// How a newer page of a conversation joins the messages that are shown.

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.location ??= /** @type {any} */ ({ hash: "" });
globalThis.addEventListener ??= () => {};
globalThis.document ??= /** @type {any} */ ({ querySelector: () => null, addEventListener: () => {} });
const { joined } = await import("../assets/later/inbox/messages.js");

/** @param {...number} ids */
const rows = (...ids) => /** @type {any[]} */ (ids.map((id) => ({ id: String(id) })));

/** A page, newest first. @param {boolean} isLast @param {...number} ids */
const page = (isLast, ...ids) => ({ result: rows(...ids), next_page_token: isLast ? "" : "more" });

test("a page that overlaps keeps the earlier messages", () => {
  assert.deepEqual(joined(rows(1, 2, 3, 4), page(false, 5, 4, 3)), rows(1, 2, 3, 4, 5));
});

test("a page that does not reach what is shown replaces it", () => {
  assert.deepEqual(joined(rows(1, 2), page(false, 9, 8, 7)), rows(7, 8, 9));
});

test("the last page is all there is", () => {
  assert.deepEqual(joined(rows(1, 2, 3), page(true, 3, 2)), rows(2, 3));
});
