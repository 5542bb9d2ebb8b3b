// The sections of the list of chats, and its order.

import { others } from "./chats.js";
import { people } from "./people.js";
import { t } from "./text.js";

/** @typedef {import("../types.d.ts").OwnChat} OwnChat */

/** @type {Record<OwnChat["type"], number>} */
const ORDER = { talk: 0, group: 1, direct: 2 };

/**
 * The name of a chat: its own, or that of the other agent.
 * @param {OwnChat} chat
 */
export function chatName(chat) {
  if (chat.name) return chat.name;
  if (chat.type !== "direct") return t("chat.unnamed");
  const other = people.value.get(others.value.get(chat.id) ?? "");
  return other ? other.name || other.username : t("chat.direct");
}

/**
 * Chats in the order of the list: channels, groups, direct chats, each by name.
 * @param {OwnChat[]} list
 */
export function sorted(list) {
  const names = new Map(list.map((chat) => [chat.id, chatName(chat)]));
  const name = (/** @type {OwnChat} */ chat) => names.get(chat.id) ?? "";
  return list.sort(
    (one, two) =>
      ORDER[one.type] - ORDER[two.type] ||
      Number(one.status === "closed") - Number(two.status === "closed") ||
      name(one).localeCompare(name(two)) ||
      (one.id < two.id ? -1 : 1),
  );
}
