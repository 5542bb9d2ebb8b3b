// Who is typing where, and telling others.

import { signal } from "./ui.js";

/** Milliseconds between the frames of somebody who types, and after which they have stopped. */
const INTERVAL_MS = 3_000;
const STOPPED_MS = 5_000;

/** The id of a person outside, who is no agent. */
export const OUTSIDE = "00000000-0000-0000-0000-000000000000";

/** Agents that are typing, by chat or conversation. */
export class Typing {
  constructor() {
    /** @type {import("./vendor/signals.js").Signal<Map<string, Map<string, number>>>} */
    this.agents = signal(new Map());
    this.lastSent = 0;
    this.timer = setInterval(() => this.#expire(), 1_000);
  }

  end() {
    clearInterval(this.timer);
  }

  /**
   * @param {string} chat
   * @param {string} agent
   */
  started(chat, agent) {
    const until = Date.now() + STOPPED_MS;
    const ofChat = new Map(this.agents.peek().get(chat)).set(agent, until);
    this.agents.value = new Map(this.agents.peek()).set(chat, ofChat);
  }

  /**
   * @param {string} chat
   * @param {string} agent
   */
  stopped(chat, agent) {
    const ofChat = new Map(this.agents.peek().get(chat));
    if (ofChat.delete(agent)) this.agents.value = new Map(this.agents.peek()).set(chat, ofChat);
  }

  /** Whether it is time to tell the others again that one is typing. */
  isDue() {
    const now = Date.now();
    if (now - this.lastSent < INTERVAL_MS) return false;
    this.lastSent = now;
    return true;
  }

  /** One has sent the message: the next key is a new beginning. */
  sent() {
    this.lastSent = 0;
  }

  #expire() {
    const now = Date.now();
    for (const [chat, agents] of this.agents.peek()) {
      for (const [agent, until] of agents) if (until < now) this.stopped(chat, agent);
    }
  }
}
