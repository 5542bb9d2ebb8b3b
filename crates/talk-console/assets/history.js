// A part of a chat's messages: a window that moves, so that any history needs bounded memory.
//
// The window holds consecutive messages in the order of their `seq`. Pages are added at one end and
// messages dropped at the other. Times of creation rise strictly inside a chat, so that a time is a
// page token, and a window can be opened anywhere.

import { request } from "./api.js";
import { batch, signal } from "./ui.js";

/** @typedef {import("../types.d.ts").Message} Message */
/** @typedef {import("../types.d.ts").Frame} Frame */
/** @typedef {Message & {asOf: number}} Kept a message, and the `seq` up to which it is known */

/** Messages in a page, and in a window. */
export const PAGE = 50;
export const WINDOW = 300;

/**
 * The index of the first message whose `seq` is at least `seq`.
 * @param {readonly {seq: number}[]} messages
 * @param {number} seq
 */
export function lowerBound(messages, seq) {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {{seq: number}} */ (messages[middle]).seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Messages in order that events change. */
export class MessageList {
  /** @param {string} chat */
  constructor(chat) {
    this.chat = chat;
    /** @type {import("./vendor/signals.js").Signal<Kept[]>} */
    this.messages = signal([]);
  }

  /**
   * @param {string} id
   * @returns {Kept | undefined}
   */
  find(id) {
    return this.messages.peek().find((message) => message.id === id);
  }

  /**
   * Adds messages, or replaces older states of them.
   * @param {Kept[]} added
   */
  merge(added) {
    const next = [...this.messages.peek()];
    for (const message of added) {
      const at = lowerBound(next, message.seq);
      const there = next[at];
      if (there?.id !== message.id) next.splice(at, 0, message);
      else if (there.asOf <= message.asOf) next[at] = message;
    }
    this.messages.value = next;
  }

  /**
   * Applies an event to the messages that are there.
   * @param {Frame} frame
   */
  apply(frame) {
    const data = /** @type {Message} */ (frame.data);
    if (!frame.type.startsWith("chatmessage_")) return;
    let next = this.messages.peek();
    if (frame.type === "chatmessage_created") next = counted(next, data, 1, frame.seq);
    const there = this.find(data.id);
    if (there && there.asOf < frame.seq) {
      const isGone = frame.type === "chatmessage_deleted" && !there.tm_delete;
      next = replaced(next, { ...data, asOf: frame.seq });
      if (isGone) next = counted(next, data, -1, frame.seq);
    }
    if (next !== this.messages.peek()) this.messages.value = next;
  }
}

/**
 * @param {Kept[]} messages
 * @param {Kept} message
 */
function replaced(messages, message) {
  return messages.map((there) => (there.id === message.id ? message : there));
}

/**
 * Changes the number of replies of the parent of `reply`, unless it is of a later state already.
 * @param {Kept[]} messages
 * @param {Message} reply
 * @param {number} by
 * @param {number} seq
 */
function counted(messages, reply, by, seq) {
  const parent = messages.find((message) => message.id === reply.parent_id);
  if (!parent || parent.asOf >= seq) return messages;
  return replaced(messages, { ...parent, asOf: seq, reply_count: parent.reply_count + by });
}

/** The window of a chat. */
export class History extends MessageList {
  /** @param {string} chat */
  constructor(chat) {
    super(chat);
    this.isAtStart = signal(false);
    this.isAtEnd = signal(false);
    /** Whether the first page is there. */
    this.isLoaded = signal(false);
    /** The error of the last page. */
    this.error = signal(/** @type {Error | null} */ (null));
    this.isLoading = false;
    /** The `seq` up to which the window is known. */
    this.position = 0;
    /** @type {Frame[]} Events that arrived while a page was loading. */
    this.arrived = [];
    /** Counts openings, so that a page of an earlier one is not added. */
    this.opening = 0;
  }

  /** Opens the window at the newest messages. */
  async openAtEnd() {
    await this.#open(async () => {
      const page = await this.#page("desc", "");
      return () => {
        this.isAtStart.value = page.isLast;
        this.isAtEnd.value = true;
        this.#opened(page.messages, page.position);
      };
    });
  }

  /**
   * Opens the window around a message.
   * @param {Message} message
   */
  async openAround(message) {
    await this.#open(async () => {
      const [before, after] = await Promise.all([
        this.#page("desc", message.tm_create),
        this.#page("asc", message.tm_create),
      ]);
      const asOf = Math.min(before.position, after.position);
      return () => {
        this.isAtStart.value = before.isLast;
        this.isAtEnd.value = after.isLast;
        this.#opened([...before.messages, { ...message, asOf: 0 }, ...after.messages], asOf);
      };
    });
  }

  /** Adds the page before the first message. */
  async loadOlder() {
    const first = this.messages.peek()[0];
    if (!first || this.isAtStart.peek()) return;
    await this.#extend("desc", first, (page) => {
      this.merge(page.messages);
      this.isAtStart.value = page.isLast;
      const messages = this.messages.peek();
      if (messages.length > WINDOW) {
        this.messages.value = messages.slice(0, WINDOW);
        this.isAtEnd.value = false;
      }
    });
  }

  /** Adds the page after the last message. */
  async loadNewer() {
    const last = this.messages.peek().at(-1);
    if (!last || this.isAtEnd.peek()) return;
    await this.#extend("asc", last, (page) => {
      this.merge(page.messages);
      this.isAtEnd.value = page.isLast;
      this.#trimStart();
    });
  }

  /** Reads the window again, at the end or around its first message. */
  async reload() {
    const first = this.messages.peek()[0];
    if (this.isAtEnd.peek() || !first) await this.openAtEnd();
    else await this.openAround(first);
  }

  /**
   * Applies an event; a new message is added if the window is at the end.
   * @param {Frame} frame
   */
  apply(frame) {
    // A page that is on its way may be of an earlier state.
    if (this.isLoading) this.arrived.push(frame);
    this.position = Math.max(this.position, frame.seq);
    super.apply(frame);
    if (frame.type !== "chatmessage_created" || !this.isLoaded.peek()) return;
    const message = /** @type {Message} */ (frame.data);
    if (this.isAtEnd.peek()) {
      this.merge([{ ...message, asOf: frame.seq }]);
      this.#trimStart();
    }
  }

  #trimStart() {
    const messages = this.messages.peek();
    if (messages.length <= WINDOW) return;
    this.messages.value = messages.slice(-WINDOW);
    this.isAtStart.value = false;
  }

  /** @param {() => Promise<() => void>} load */
  async #open(load) {
    this.opening += 1;
    this.isLoading = false;
    await this.#loading(load);
  }

  /**
   * @param {Kept[]} messages
   * @param {number} position
   */
  #opened(messages, position) {
    this.position = position;
    this.messages.value = messages;
    this.isLoaded.value = true;
  }

  /**
   * @param {"asc" | "desc"} order
   * @param {Message} from
   * @param {(page: {messages: Kept[], isLast: boolean}) => void} add
   */
  async #extend(order, from, add) {
    await this.#loading(async () => {
      const page = await this.#page(order, from.tm_create);
      return () => add(page);
    });
  }

  /**
   * Loads pages one at a time, then applies the events that have arrived meanwhile: a page can be
   * older than they are.
   * @param {() => Promise<() => void>} load returns the function that adds what was loaded
   */
  async #loading(load) {
    if (this.isLoading) return;
    this.isLoading = true;
    this.arrived = [];
    const { opening } = this;
    try {
      const add = await load();
      if (opening !== this.opening) return;
      this.isLoading = false;
      batch(() => {
        add();
        for (const frame of this.arrived) this.apply(frame);
      });
      this.error.value = null;
    } catch (error) {
      if (opening === this.opening) this.error.value = /** @type {Error} */ (error);
    } finally {
      if (opening === this.opening) {
        this.isLoading = false;
        this.arrived = [];
      }
    }
  }

  /**
   * Reads a page, in ascending order.
   * @param {"asc" | "desc"} order
   * @param {string} token
   */
  async #page(order, token) {
    const query = { chat_id: this.chat, order, page_size: PAGE, page_token: token };
    /** @type {{data: {result: Message[], next_page_token: string}, position: number}} */
    const { data, position } = await request("/talk_messages", { query });
    const messages = data.result.map((message) => ({ ...message, asOf: position }));
    if (order === "desc") messages.reverse();
    return { messages, position, isLast: data.next_page_token === "" };
  }
}
