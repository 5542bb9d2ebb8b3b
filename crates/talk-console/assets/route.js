// The place in the console, in the part of the address after `#`.

import { signal } from "./ui.js";

/**
 * @typedef {object} Route
 * @property {"chat" | "channels" | "search" | "people" | "webhooks" | "account" | "inbox" | "accounts" | "none"} view
 * @property {string} chat
 * @property {string} thread the root of the thread that is open
 * @property {string} message the message to show
 * @property {string} conversation the conversation that is open beside the inbox
 * @property {URLSearchParams} query
 */

const VIEWS = ["channels", "search", "people", "webhooks", "account", "inbox", "accounts"];

/**
 * @param {string} hash
 * @returns {Route}
 */
export function parse(hash) {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [head = "", chat = "", kind = "", id = ""] = path.split("/");
  /** @type {Route} */
  const route = { view: "none", chat: "", thread: "", message: "", conversation: "", query: new URLSearchParams(query) };
  if (head === "chat" && chat) {
    route.view = "chat";
    route.chat = chat;
    if (kind === "thread") route.thread = id;
    if (kind === "message") route.message = id;
  } else if (VIEWS.includes(head)) {
    route.view = /** @type {Route["view"]} */ (head);
    if (head === "inbox") route.conversation = chat;
  }
  return route;
}

/** The current place. */
export const route = signal(parse(location.hash));

addEventListener("hashchange", () => {
  route.value = parse(location.hash);
});

/**
 * @param {string} chat
 * @param {string} [kind] `thread` or `message`
 * @param {string} [id]
 */
export function chatPath(chat, kind, id) {
  return kind ? `#/chat/${chat}/${kind}/${id}` : `#/chat/${chat}`;
}

/**
 * @param {string} conversation
 * @param {string} folder
 */
export function conversationPath(conversation, folder) {
  return `#/inbox/${conversation}?show=${folder}`;
}

/** @param {string} path */
export function go(path) {
  if (location.hash === path) route.value = parse(path);
  else location.hash = path;
}
