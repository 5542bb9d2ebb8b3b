// What a session keeps alive: the connection, the lists it changes, and the messages being sent.

import { Refusal, change } from "./api.js";
import { chatChanged, chats, dropChat, forgetChats, loadChats, refreshChat } from "./chats.js";
import { forgetDrafts } from "./drafts.js";
import { findFiles } from "./files.js";
import { History } from "./history.js";
import { notify } from "./notify.js";
import { Outbox } from "./outbox.js";
import { forgetPeople, loadPeople, loadPresence, people, presenceChanged } from "./people.js";
import { read } from "./reading.js";
import { session } from "./session.js";
import { Connection, state } from "./socket.js";
import { t } from "./text.js";
import { OUTSIDE, Typing } from "./typing.js";
import { batch, signal } from "./ui.js";

/** @typedef {import("../types.d.ts").Frame} Frame */

/** Number of chats whose messages are kept. */
const HISTORIES = 12;

/** Everything of one session that ends with it. */
export class Live {
  /** @param {string} agent */
  constructor(agent) {
    this.agent = agent;
    /** @type {Map<string, History>} the most recently used last */
    this.histories = new Map();
    /** @type {Set<(frame: Frame) => void>} Called with each event. */
    this.watchers = new Set();
    /** @type {Set<(chat: string) => void>} Called when a chat must be read again. */
    this.resets = new Set();
    /** @type {Set<(conversation: string) => void>} Called when a conversation has changed; "" is any. */
    this.outside = new Set();
    this.typing = new Typing();
    /** Read marks of others by chat and agent, as far as they are known. */
    this.marks = signal(/** @type {Map<string, Map<string, number>>} */ (new Map()));
    this.connection = new Connection({
      event: (frame) => this.#event(frame),
      subscribed: (fresh, isFirst) => this.#subscribed(fresh, isFirst),
      reset: (chat) => this.#reset(chat),
      outside: (conversation) => this.#outside(conversation),
      notice: (frame) => this.#notice(frame),
      cut: () => this.outbox.cut(),
    });
    this.outbox = new Outbox(agent, (item) => this.#transmit(item));
    this.error = signal(/** @type {Error | null} */ (null));
    this.load();
  }

  /** Loads what every view needs. */
  async load() {
    this.error.value = null;
    try {
      await Promise.all([loadChats(), loadPeople(), findFiles()]);
      this.#compare();
      await loadPresence([...people.peek().keys()].slice(0, 500));
    } catch (error) {
      this.error.value = /** @type {Error} */ (error);
    }
  }

  end() {
    this.connection.end();
    this.outbox.end();
    this.typing.end();
    forgetDrafts();
    forgetChats();
    forgetPeople();
  }

  /**
   * The messages of a chat. Those of the chats that were used before are kept, within a limit.
   * @param {string} chat
   */
  history(chat) {
    const history = this.histories.get(chat) ?? new History(chat);
    this.histories.delete(chat);
    this.histories.set(chat, history);
    const [oldest] = this.histories.keys();
    if (this.histories.size > HISTORIES && oldest) this.histories.delete(oldest);
    return history;
  }

  /** @param {Frame} frame */
  #event(frame) {
    batch(() => {
      const data = /** @type {any} */ (frame.data);
      chatChanged(frame);
      this.histories.get(frame.chat_id)?.apply(frame);
      for (const watcher of this.watchers) watcher(frame);
      if (frame.type === "chatmessage_created") {
        this.typing.stopped(frame.chat_id, data.owner_id);
        if (data.owner_id === this.agent) this.outbox.arrived(data);
        else if (!frame.replay) notify(data);
      } else if (frame.type === "chat_read_updated") this.#marked(data);
    });
  }

  /** @param {import("./outbox.js").Outgoing} item */
  #transmit({ key, chat, isOutside, parent, text, medias }) {
    if (!isOutside) {
      const message = { chat_id: chat, text, medias, ...(parent && { parent_id: parent }) };
      return this.connection.send({ type: "post", id: key, message });
    }
    // The socket takes messages of chats only.
    if (state.peek() !== "open") return false;
    change("POST", `/v1.0/conversations/${chat}/messages`, { text, medias }, { key }).then(
      () => this.outbox.posted(key),
      (error) => {
        const { reason, message } = error instanceof Refusal ? error : { reason: "BUSY", message: "" };
        this.outbox.refused(key, reason, message);
      },
    );
    return true;
  }

  /** @param {string} conversation */
  #outside(conversation) {
    this.typing.stopped(conversation, OUTSIDE);
    for (const changed of this.outside) changed(conversation);
  }

  /** @param {{chat_id: string, owner_id: string, read_seq: number}} mark */
  #marked({ chat_id, owner_id, read_seq }) {
    const ofChat = new Map(this.marks.peek().get(chat_id)).set(owner_id, read_seq);
    this.marks.value = new Map(this.marks.peek()).set(chat_id, ofChat);
  }

  /**
   * @param {string[]} fresh
   * @param {boolean} isFirst
   */
  #subscribed(fresh, isFirst) {
    if (isFirst) this.#compare();
    else {
      for (const chat of fresh) this.#reset(chat);
      loadPresence([...people.peek().keys()].slice(0, 500)).catch(() => {});
    }
    this.#outside("");
    this.outbox.flush();
    read.again();
  }

  /** Reads again the chats whose lists are older than the beginning of the subscription. */
  #compare() {
    for (const [chat, seen] of this.connection.positions.seen) {
      const card = chats.peek().get(chat);
      if (card ? card.last_seq < seen : chats.peek().size) refreshChat(chat);
      const history = this.histories.get(chat);
      if (history?.isLoaded.peek() && history.position < seen) history.reload();
    }
  }

  /** @param {string} chat */
  #reset(chat) {
    refreshChat(chat);
    const history = this.histories.get(chat);
    if (history?.isLoaded.peek()) history.reload();
    for (const reset of this.resets) reset(chat);
  }

  /** @param {any} frame */
  #notice(frame) {
    if (frame.type === "posted") this.outbox.posted(frame.id);
    else if (frame.type === "held") this.outbox.refused(frame.id, "HELD", t("outbox.held"));
    else if (frame.type === "error") this.outbox.refused(frame.id, frame.reason, frame.message);
    else if (frame.type === "chat_typing") this.typing.started(frame.chat_id, frame.data.owner_id);
    else if (frame.type === "conversation_typing") this.typing.started(frame.conversation_id, frame.data.owner_id);
    else if (frame.type === "agent_presence") presenceChanged(frame.data);
    else if (frame.type === "unsubscribed" && frame.chat_id) dropChat(frame.chat_id);
  }
}

/** The session's state, `null` while nobody is logged in. */
export const live = signal(/** @type {Live | null} */ (null));

/** Keeps `live` in step with the session. */
export function followSession() {
  session.subscribe((now) => {
    live.peek()?.end();
    live.value = now ? new Live(now.agent.id) : null;
  });
}
