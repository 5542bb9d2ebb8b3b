// Messages that are being sent: queued, sent with an idempotency key, retried until there is an answer.
//
// The messages of a chat or conversation are sent one after the other, so that they arrive in the order in which they
// were written. The queue is kept in `sessionStorage`, and survives a reload of the page.

import { signal } from "./ui.js";

/** @typedef {import("../types.d.ts").Message} Message */
/** @typedef {import("../types.d.ts").Media} Media */

/**
 * @typedef {object} Outgoing
 * @property {string} key the idempotency key
 * @property {string} chat the chat, or the conversation with a person outside
 * @property {boolean} [isOutside] whether it is a conversation
 * @property {string} parent the message that it replies to, or ""
 * @property {string} text
 * @property {Media[]} medias
 * @property {number} written the time
 * @property {"queued" | "sending" | "failed"} state
 * @property {string} [error] the reason why it failed
 * @property {string} [arrived] the message that it has become, known before the answer
 */

const KEY = "talk-outbox";

/** Reasons that are no refusal of the message itself. */
const PASSING = ["BUSY", "RATE_LIMITED", "STORAGE_FULL", "INTERNAL", "QUERY_TIMEOUT"];

/** The queue of an agent. */
export class Outbox {
  /**
   * @param {string} agent
   * @param {(item: Outgoing) => boolean} send sends a message, or returns `false` while offline. The
   *   answer is passed to `posted` or `refused`.
   */
  constructor(agent, send) {
    this.agent = agent;
    this.send = send;
    /** @type {import("./vendor/signals.js").Signal<Outgoing[]>} */
    this.items = signal(this.#stored());
    this.isEnded = false;
  }

  /**
   * Queues a message.
   * @param {{chat: string, isOutside?: boolean, parent?: string, text: string, medias?: Media[]}} message
   */
  post({ chat, isOutside = false, parent = "", text, medias = [] }) {
    /** @type {Outgoing} */
    const item = {
      key: crypto.randomUUID(),
      chat,
      isOutside,
      parent,
      text,
      medias,
      written: Date.now(),
      state: "queued",
    };
    this.#set([...this.items.peek(), item]);
    this.flush();
  }

  /** The session has ended: an answer that arrives later sends nothing in the name of the next agent. */
  end() {
    this.isEnded = true;
  }

  /** Sends the first message of each chat, unless it is being sent. */
  flush() {
    if (this.isEnded) return;
    const busy = new Set();
    for (const item of this.items.peek()) {
      if (busy.has(item.chat) || item.state === "failed") continue;
      busy.add(item.chat);
      if (item.state === "queued" && this.send(item)) {
        this.#change(item.key, { state: "sending" });
      }
    }
  }

  /** The connection is lost: it is not known what has arrived, so everything is sent again. */
  cut() {
    for (const item of this.items.peek()) {
      if (item.state === "sending") this.#change(item.key, { state: "queued" });
    }
  }

  /**
   * Takes the answer `posted`.
   * @param {string} key
   */
  posted(key) {
    this.#set(this.items.peek().filter((item) => item.key !== key));
    this.flush();
  }

  /**
   * Takes the answer `error`.
   * @param {string} key
   * @param {string} reason
   * @param {string} message
   */
  refused(key, reason, message) {
    if (!this.items.peek().some((item) => item.key === key)) return;
    if (PASSING.includes(reason)) {
      setTimeout(() => {
        this.#change(key, { state: "queued" });
        this.flush();
      }, 2_000);
      return;
    }
    this.#change(key, { state: "failed", error: message });
    this.flush();
  }

  /**
   * An own message has arrived. It is the one being sent, whose answer follows: hiding that one keeps
   * the message from being shown twice.
   * @param {Message} message
   */
  arrived(message) {
    const item = this.items.peek().find((item) => item.chat === message.chat_id);
    const isSame = item?.text === message.text && item.parent === (message.parent_id ?? "");
    if (item && isSame && item.state !== "failed" && !item.arrived) {
      this.#change(item.key, { arrived: message.id });
    }
  }

  /** @param {string} key */
  retry(key) {
    this.#change(key, { state: "queued", error: undefined });
    this.flush();
  }

  /** @param {string} key */
  discard(key) {
    this.#set(this.items.peek().filter((item) => item.key !== key));
  }

  /**
   * @param {string} key
   * @param {Partial<Outgoing>} change
   */
  #change(key, change) {
    this.#set(this.items.peek().map((item) => (item.key === key ? { ...item, ...change } : item)));
  }

  /** @param {Outgoing[]} items */
  #set(items) {
    if (this.isEnded) return;
    this.items.value = items;
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ agent: this.agent, items }));
    } catch {
      // Without storage the queue ends with the page.
    }
  }

  /** @returns {Outgoing[]} */
  #stored() {
    try {
      const stored = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
      if (stored?.agent !== this.agent) return [];
      const unsent = (/** @type {Outgoing} */ item) => ({
        ...item,
        state: item.state === "failed" ? item.state : "queued",
        arrived: undefined,
      });
      return stored.items.map(unsent);
    } catch {
      return [];
    }
  }
}
