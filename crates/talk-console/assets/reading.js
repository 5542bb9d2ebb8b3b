// Read marks: what is on the screen of a page that has the focus has been read.

import { change } from "./api.js";
import { chats, keepChat } from "./chats.js";

/** @typedef {import("../types.d.ts").OwnChat} OwnChat */

/** Milliseconds that several marks of a chat are collected. */
const PAUSE_MS = 300;

class Reading {
  constructor() {
    /** @type {Map<string, number>} marks that are not stored yet */
    this.wanted = new Map();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /**
   * Marks everything up to `seq` as read.
   * @param {string} chat
   * @param {number} seq
   */
  upTo(chat, seq) {
    const card = chats.peek().get(chat);
    if (!card || seq <= Math.max(card.read_seq, this.wanted.get(chat) ?? 0)) return;
    this.wanted.set(chat, seq);
    this.again();
  }

  /** Stores the marks, again if the last try failed. */
  again() {
    clearTimeout(this.timer);
    if (this.wanted.size) this.timer = setTimeout(() => this.#store(), PAUSE_MS);
  }

  async #store() {
    for (const [chat, seq] of [...this.wanted]) {
      try {
        /** @type {OwnChat} */
        const card = await change("PUT", `/talk_chats/${chat}/read`, { seq });
        const known = chats.peek().get(chat);
        if (known && known.last_seq <= card.last_seq) keepChat(card);
      } catch {
        continue; // Stored with the next mark, or once the connection is back.
      }
      if (this.wanted.get(chat) === seq) this.wanted.delete(chat);
    }
  }
}

/** The marks of this session. */
export const read = new Reading();
