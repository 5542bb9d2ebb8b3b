// A thread beside its chat: the message it began with, and all replies as a tree.

import { request } from "../api.js";
import { MessageList } from "../history.js";
import { nameOf } from "../people.js";
import { chatPath, go } from "../route.js";
import { t } from "../text.js";
import { html, signal, useEffect, useMemo, useRef, useState } from "../ui.js";
import { Composer } from "./composer.js";
import { IconButton } from "./icons.js";
import { MessageItem } from "./message.js";
import { Pending } from "./pending.js";

/** @typedef {import("../../types.d.ts").Message} Message */
/** @typedef {import("../../types.d.ts").Frame} Frame */
/** @typedef {import("../history.js").Kept} Kept */

/** Messages in a page of a thread, and levels that are indented. */
const PAGE = 100;
const LEVELS = 5;

/** The loaded part of a thread, from its beginning. */
class ThreadList extends MessageList {
  /**
   * @param {string} chat
   * @param {string} root
   */
  constructor(chat, root) {
    super(chat);
    this.root = root;
    this.next = signal(/** @type {string | null} */ (""));
    this.hasFailed = signal(false);
    /** @type {Frame[]} */
    this.arrived = [];
  }

  /** Loads the next page, then applies the events that arrived meanwhile. */
  async load() {
    const query = { root_id: this.root, order: "asc", page_size: PAGE, page_token: this.next.peek() ?? "" };
    this.hasFailed.value = false;
    try {
      /** @type {{data: {result: Message[], next_page_token: string}, position: number}} */
      const { data, position } = await request("/talk_messages", { query });
      this.merge(data.result.map((message) => ({ ...message, asOf: position })));
      this.next.value = data.next_page_token || null;
      for (const frame of this.arrived.splice(0)) this.apply(frame);
    } catch {
      this.hasFailed.value = true;
    }
  }

  /** @param {Frame} frame */
  apply(frame) {
    if (frame.chat_id !== this.chat) return;
    if (this.next.peek() !== null) this.arrived.push(frame);
    super.apply(frame);
    const message = /** @type {Message} */ (frame.data);
    if (frame.type === "chatmessage_created" && message.root_id === this.root && this.next.peek() === null) {
      this.merge([{ ...message, asOf: frame.seq }]);
    }
  }
}

/**
 * Replies below the messages they reply to, with their depth.
 * @param {Kept[]} messages
 * @param {string} root
 * @returns {{message: Kept, depth: number}[]}
 */
export function tree(messages, root) {
  const known = new Set(messages.map(({ id }) => id));
  /** @type {Map<string, Kept[]>} */
  const children = new Map();
  for (const message of messages) {
    if (message.id === root) continue;
    const parent = message.parent_id && known.has(message.parent_id) ? message.parent_id : root;
    children.set(parent, [...(children.get(parent) ?? []), message]);
  }
  /** @type {{message: Kept, depth: number}[]} */
  const rows = [];
  const waiting = messages.filter(({ id }) => id === root).map((message) => ({ message, depth: 0 }));
  if (!waiting.length) for (const message of children.get(root) ?? []) waiting.push({ message, depth: 1 });
  // A stack instead of recursion: threads nest to any depth.
  waiting.reverse();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    rows.push(next);
    const { message, depth } = next;
    for (const child of [...(children.get(message.id) ?? [])].reverse()) {
      waiting.push({ message: child, depth: depth + 1 });
    }
  }
  return rows;
}

/** @param {{live: import("../live.js").Live, chat: import("../../types.d.ts").OwnChat, root: string}} props */
export function Thread({ live, chat, root }) {
  const list = useMemo(() => new ThreadList(chat.id, root), [root]);
  const [target, setTarget] = useState(root);
  const pane = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const watch = (/** @type {Frame} */ frame) => list.apply(frame);
    const reset = (/** @type {string} */ id) => {
      if (id !== chat.id) return;
      list.messages.value = [];
      list.next.value = "";
      list.load();
    };
    live.watchers.add(watch);
    live.resets.add(reset);
    list.load();
    return () => {
      live.watchers.delete(watch);
      live.resets.delete(reset);
    };
  }, [root]);
  const rows = tree(list.messages.value, root);
  const pending = live.outbox.items.value.filter(({ parent, arrived }) => !arrived && rows.some(({ message }) => message.id === parent));
  const replied = rows.find(({ message }) => message.id === target)?.message;
  const reply = (/** @type {Message} */ message) => {
    setTarget(message.id);
    pane.current?.querySelector("textarea")?.focus();
  };
  const close = () => go(chatPath(chat.id));
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (target !== root) setTarget(root);
    else close();
  };
  return html`<aside class="thread" aria-label=${t("thread.title")} ref=${pane} onKeyDown=${press}>
    <header class="head">
      <h2 class="head-name">${t("thread.title")}</h2>
      <${IconButton} icon="close" label=${t("thread.close")} hint="Esc" onClick=${close} />
    </header>
    <div class="messages thread-messages" tabindex="-1">
      <ol class="message-list" aria-label=${t("thread.title")}>
        ${rows.map(
          ({ message, depth }) => html`<${MessageItem} key=${message.id} message=${message} isGrouped=${false} live=${live}
            depth=${Math.min(depth, LEVELS)} isInThread onReply=${reply} />`,
        )}
      </ol>
      ${list.hasFailed.value && html`<p role="alert">${t("error.load")}</p>`}
      ${list.next.value !== null &&
      html`<button type="button" class="link" onClick=${() => list.load()}>${t(list.messages.value.length ? "list.more" : "loading")}</button>`}
      <${Pending} items=${pending} live=${live} />
    </div>
    ${target !== root && replied &&
    html`<p class="target"><span>${t("thread.replyingTo", { author: nameOf(replied.owner_id) })}</span>
      <button type="button" class="link" onClick=${() => setTarget(root)}>${t("thread.toRoot")}</button></p>`}
    ${chat.status === "active" && html`<${Composer} live=${live} chat=${chat} name="" parent=${target} />`}
  </aside>`;
}
