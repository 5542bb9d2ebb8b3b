// The positions of a subscription: up to which `seq` each chat has been seen.

/** Tracks the positions, from which the next connection resumes. */
export class Positions {
  constructor() {
    /** @type {string | undefined} The identity of the server's history. */
    this.epoch = undefined;
    /** @type {Map<string, number>} */
    this.seen = new Map();
  }

  /** The fields of a `subscribe` frame that resume. */
  resume() {
    if (!this.epoch) return {};
    return { epoch: this.epoch, since: Object.fromEntries(this.seen) };
  }

  /**
   * Takes the answer to `subscribe`. Returns the chats that were not followed before.
   * @param {{epoch: string, chats: Record<string, {from: number, head: number}>}} frame
   */
  subscribed({ epoch, chats }) {
    this.epoch = epoch;
    const fresh = Object.keys(chats).filter((chat) => !this.seen.has(chat));
    for (const [chat, { from }] of Object.entries(chats)) this.seen.set(chat, from - 1);
    return fresh;
  }

  /**
   * Takes an event. Returns whether it is new.
   * @param {string} chat
   * @param {number} seq
   */
  advance(chat, seq) {
    if (seq <= (this.seen.get(chat) ?? 0)) return false;
    this.seen.set(chat, seq);
    return true;
  }

  /**
   * Moves the position of a quiet chat, or of one that is read again.
   * @param {string} chat
   * @param {number} seq
   */
  move(chat, seq) {
    this.seen.set(chat, seq);
  }

  /** @param {string} chat */
  forget(chat) {
    this.seen.delete(chat);
  }
}
