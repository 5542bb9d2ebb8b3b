// The socket: one connection that subscribes to every chat of the agent, and resumes after a cut.

import { signal } from "./ui.js";
import { endSession, session } from "./session.js";
import { Positions } from "./positions.js";

/** @typedef {import("../types.d.ts").Frame} Frame */

/** Pauses between attempts to connect, in milliseconds. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

/** Milliseconds without a frame after which the connection is tested, and time for the answer. */
const QUIET_MS = 20_000;
const ANSWER_MS = 5_000;

/** Milliseconds without input after which the connection is no longer tested: a frame of the client
 * counts as a sign of life, and the agent would never be `away`. */
const IDLE_MS = 240_000;

/** Close codes after which reconnecting with the same token is useless. */
const ENDED = 4401;

/** `connecting` at first, then `open` or `cut`. */
export const state = signal(/** @type {"connecting" | "open" | "cut"} */ ("connecting"));

/** The time of the next attempt, while the connection is cut. */
export const nextAttempt = signal(0);

/**
 * @typedef {object} Listener
 * @property {(frame: Frame) => void} event an event of a chat
 * @property {(chats: string[], isFirst: boolean) => void} subscribed chats that are followed anew
 * @property {(chat: string) => void} reset events are missing: the chat must be read again
 * @property {(conversation: string) => void} outside something of a conversation has changed, or was missed
 * @property {(frame: any) => void} notice any other frame
 * @property {() => void} cut the connection is lost
 */

/** The connection of one session. */
export class Connection {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    this.positions = new Positions();
    /** @type {WebSocket | null} */
    this.socket = null;
    this.isEnded = false;
    this.attempts = 0;
    this.lastFrame = 0;
    this.lastInput = Date.now();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.heartbeat = setInterval(() => this.#test(QUIET_MS), 5_000);
    this.wake = () => this.#wake();
    this.input = () => {
      this.lastInput = Date.now();
    };
    addEventListener("online", this.wake);
    addEventListener("offline", this.wake);
    document.addEventListener("visibilitychange", this.wake);
    for (const type of ["pointerdown", "keydown"]) addEventListener(type, this.input, true);
    this.#connect();
  }

  /** Ends the connection for good. */
  end() {
    this.isEnded = true;
    clearTimeout(this.timer);
    clearInterval(this.heartbeat);
    removeEventListener("online", this.wake);
    removeEventListener("offline", this.wake);
    document.removeEventListener("visibilitychange", this.wake);
    for (const type of ["pointerdown", "keydown"]) removeEventListener(type, this.input, true);
    this.#drop();
    state.value = "connecting";
  }

  /**
   * Sends a frame if the connection is open.
   * @param {object} frame
   */
  send(frame) {
    if (state.peek() !== "open" || !this.socket) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Connects at once instead of after the pause. */
  retry() {
    if (this.isEnded || this.socket) return;
    clearTimeout(this.timer);
    this.#connect();
  }

  #connect() {
    const now = session.peek();
    if (!now || this.isEnded) return;
    const url = new URL("/v1.0/ws", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("token", now.token);
    const socket = new WebSocket(url);
    this.socket = socket;
    this.lastFrame = Date.now();
    socket.onopen = () => {
      const topics = ["chat", "conversation"].map((kind) => `agent_id:${now.agent.id}:${kind}`);
      const resume = this.positions.resume();
      socket.send(JSON.stringify({ type: "subscribe", id: "subscribe", topics, ...resume }));
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      this.lastFrame = Date.now();
      this.#receive(JSON.parse(data));
    };
    socket.onclose = ({ code, reason }) => {
      if (socket === this.socket) this.#lost(code, reason);
    };
  }

  /** @param {any} frame */
  #receive(frame) {
    if (frame.type === "subscribed") this.#subscribed(frame);
    else if (frame.type === "conversation_typing") this.listener.notice(frame);
    // Conversations are read again after any of their events, so that no position is kept.
    else if (frame.conversation_id) this.listener.outside(frame.conversation_id);
    else if (frame.type === "reset") {
      this.positions.move(frame.chat_id, frame.head);
      this.listener.reset(frame.chat_id);
    } else if (frame.type === "unsubscribed" && frame.chat_id) {
      this.positions.forget(frame.chat_id);
      this.listener.notice(frame);
    } else if (frame.type === "position") {
      for (const [chat, seq] of Object.entries(frame.chats ?? {})) this.positions.move(chat, seq);
    } else if (frame.seq && frame.data) {
      if (this.positions.advance(frame.chat_id, frame.seq)) this.listener.event(frame);
    } else this.listener.notice(frame);
  }

  /** @param {any} frame */
  #subscribed(frame) {
    const isFirst = !this.positions.epoch;
    const fresh = this.positions.subscribed(frame);
    this.attempts = 0;
    state.value = "open";
    this.listener.subscribed(fresh, isFirst);
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #lost(code, reason) {
    this.socket = null;
    if (this.isEnded) return;
    if (code === ENDED) {
      endSession(true);
      return;
    }
    const said = Number(/retry_ms=(\d+)/.exec(reason)?.[1]);
    const grown = Math.min(FIRST_PAUSE * 2 ** this.attempts, LONGEST_PAUSE);
    const pause = (said || grown) * (0.75 + Math.random() / 2);
    this.attempts += 1;
    if (state.peek() === "open") this.listener.cut();
    state.value = "cut";
    nextAttempt.value = Date.now() + pause;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#connect(), pause);
    if (this.attempts === 3) this.#checkToken();
  }

  /** A refused handshake looks like a lost network: a request tells whether the token has ended. */
  async #checkToken() {
    const { get } = await import("./api.js");
    await get("/me").catch(() => {});
  }

  #drop() {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onclose = null;
    socket.close();
  }

  /** After sleep or a change of the network: connects, or tests the connection at once. */
  #wake() {
    this.lastInput = Date.now();
    if (!navigator.onLine) {
      if (this.socket) {
        this.#drop();
        this.#lost(1006, "");
      }
    } else if (document.visibilityState === "visible") {
      if (!this.socket) this.retry();
      else this.#test(0);
    }
  }

  /**
   * Sends a frame that has an answer, and drops the connection if there is none.
   * @param {number} quiet
   */
  #test(quiet) {
    const socket = this.socket;
    const now = Date.now();
    if (!socket || now - this.lastFrame < quiet || now - this.lastInput > IDLE_MS) return;
    if (state.peek() === "open") {
      // A topic that is not subscribed: the answer lists the topics that remain.
      const nothing = session.peek()?.agent.id;
      const topics = [`agent_id:${nothing}:chat:${nothing}`];
      this.send({ type: "unsubscribe", id: "test", topics });
    }
    const before = this.lastFrame;
    setTimeout(() => {
      if (socket !== this.socket || this.lastFrame !== before) return;
      this.#drop();
      this.#lost(1006, "");
    }, ANSWER_MS);
  }
}
