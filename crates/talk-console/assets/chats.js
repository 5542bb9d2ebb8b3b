// The chats of the agent: their cards, unread messages, and who else is in a direct chat.

import { Refusal, all, get, request } from "./api.js";
import { session } from "./session.js";
import { computed, signal } from "./ui.js";

/** @typedef {import("../types.d.ts").OwnChat} OwnChat */
/** @typedef {import("../types.d.ts").Frame} Frame */

/** Number of chats that the list shows at most. */
const LOADED = 1000;

/** @type {import("./vendor/signals.js").Signal<Map<string, OwnChat>>} */
export const chats = signal(new Map());

/** Whether the list has been loaded. */
export const areChatsLoaded = signal(false);

/** The other agent of direct chats. */
export const others = signal(/** @type {Map<string, string>} */ (new Map()));

/** The number of unread messages in all chats, and of mentions. */
export const unread = computed(() => {
  let messages = 0;
  let mentions = 0;
  for (const chat of chats.value.values()) {
    messages += chat.unread_count;
    mentions += chat.mention_count + (chat.type === "direct" ? chat.unread_count : 0);
  }
  return { messages, mentions };
});

/** Loads the list. */
export async function loadChats() {
  /** @type {OwnChat[]} */
  const loaded = await all("/talk_chats", {}, LOADED);
  chats.value = new Map(loaded.map((chat) => [chat.id, chat]));
  areChatsLoaded.value = true;
}

/** Forgets everything, at the end of a session. */
export function forgetChats() {
  chats.value = new Map();
  others.value = new Map();
  lookups.clear();
  areChatsLoaded.value = false;
}

/**
 * Keeps the card of a chat that the agent is in.
 * @param {OwnChat} chat
 */
export function keepChat(chat) {
  chats.value = new Map(chats.peek()).set(chat.id, chat);
}

/** @param {string} id */
export function dropChat(id) {
  if (!chats.peek().has(id)) return;
  const next = new Map(chats.peek());
  next.delete(id);
  chats.value = next;
}

/** Chats whose card is being read, with whether it must be read once more. */
const reading = new Map();

/**
 * Reads the card of a chat again. Several wishes at a time become at most two requests.
 * @param {string} id
 */
export async function refreshChat(id) {
  if (reading.has(id)) {
    reading.set(id, true);
    return;
  }
  do {
    reading.set(id, false);
    try {
      keepChat(await get(`/talk_chats/${id}`));
    } catch (error) {
      if (error instanceof Refusal && [403, 404].includes(error.status)) dropChat(id);
    }
  } while (reading.get(id));
  reading.delete(id);
}

/** Direct chats whose participants are being read. */
const lookups = new Map();

/**
 * The other agent of a direct chat, if it is known already. Otherwise it is loaded.
 * @param {OwnChat} chat
 */
export function otherOf(chat) {
  const known = others.value.get(chat.id);
  if (known === undefined && !lookups.has(chat.id)) {
    const lookup = request(`/talk_chats/${chat.id}/participants`, { query: { page_size: 10 } });
    lookups.set(chat.id, lookup);
    lookup.then(
      ({ data }) => {
        const mine = session.peek()?.agent.id;
        const { result } = /** @type {{result: {owner_id: string}[]}} */ (data);
        const other = result.find(({ owner_id }) => owner_id !== mine)?.owner_id ?? "";
        others.value = new Map(others.peek()).set(chat.id, other);
      },
      () => lookups.delete(chat.id),
    );
  }
  return known ?? "";
}

/**
 * Applies an event to the card of its chat.
 * @param {Frame} frame
 */
export function chatChanged(frame) {
  const chat = chats.peek().get(frame.chat_id);
  const mine = session.peek()?.agent.id;
  const data = /** @type {any} */ (frame.data);
  if (!chat) {
    if (frame.type !== "chat_deleted" && data.owner_id !== mine) refreshChat(frame.chat_id);
    else if (frame.type === "chatparticipant_added") refreshChat(frame.chat_id);
    return;
  }
  if (frame.seq <= chat.last_seq) return;
  const next = { ...chat, last_seq: frame.seq };
  switch (frame.type) {
    case "chat_created":
    case "chat_updated":
      Object.assign(next, data, { last_seq: frame.seq });
      break;
    case "chat_deleted":
      dropChat(chat.id);
      return;
    case "chatparticipant_added":
      next.member_count += 1;
      break;
    case "chatparticipant_removed":
      if (data.owner_id === mine) {
        dropChat(chat.id);
        return;
      }
      next.member_count -= 1;
      break;
    case "chatmessage_created":
      if (data.type === "normal" && data.owner_id !== mine) {
        next.unread_count += 1;
        // Only the server knows who is mentioned.
        if (/[@＠]/.test(data.text)) refreshChat(chat.id);
      }
      break;
    case "chatmessage_deleted":
      if (data.seq > chat.read_seq && data.owner_id !== mine) refreshChat(chat.id);
      break;
    case "chat_read_updated":
      if (data.owner_id === mine) {
        next.read_seq = data.read_seq;
        if (next.unread_count) refreshChat(chat.id);
      }
      break;
    default:
  }
  keepChat(next);
}
