// The field for an answer to a person outside, and the answers that are on their way.

import { Unreachable, change } from "../../api.js";
import { nameOf } from "../../people.js";
import { session } from "../../session.js";
import { state } from "../../socket.js";
import { t } from "../../text.js";
import { html, useEffect, useRef, useState } from "../../ui.js";
import { IconButton } from "../../views/icons.js";
import { Pending } from "../../views/pending.js";

/** @typedef {import("../../../types.d.ts").Conversation} Conversation */
/** @typedef {{key: string, text: string, state: "sending" | "queued" | "failed", error?: string}} Sending */

/** Texts that were begun, by conversation. @type {Map<string, string>} */
const drafts = new Map();

/** Answers without the server's answer, by conversation: leaving the view loses none. @type {Map<string, Sending[]>} */
const outgoing = new Map();

/** @param {{card: Conversation, name: string, agent: string, sent: () => Promise<void>}} props */
export function Answer({ card, name, agent, sent }) {
  const [text, setText] = useState(drafts.get(card.id) ?? "");
  const [items, setItems] = useState(outgoing.get(card.id) ?? []);
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  useEffect(() => field.current?.focus(), []);
  const keep = (/** @type {(items: Sending[]) => Sending[]} */ next) => {
    const kept = next(outgoing.get(card.id) ?? []);
    outgoing.set(card.id, kept);
    setItems(kept);
  };
  const attempt = async (/** @type {Sending} */ item) => {
    keep((all) => all.map((one) => (one.key === item.key ? { ...one, state: "sending" } : one)));
    try {
      await change("POST", `/v1.0/conversations/${card.id}/messages`, { text: item.text }, { key: item.key });
      keep((all) => all.filter(({ key }) => key !== item.key));
      await sent();
    } catch (error) {
      // Without an answer it may have arrived: the same key makes sure that it is sent once.
      const next = error instanceof Unreachable ? { state: "queued" } : { state: "failed", error: String(/** @type {Error} */ (error).message) };
      keep((all) => all.map((one) => (one.key === item.key ? /** @type {Sending} */ ({ ...one, ...next }) : one)));
    }
  };
  useEffect(() => state.subscribe((now) => {
    if (now !== "open") return;
    for (const item of outgoing.get(card.id) ?? []) if (item.state === "queued") attempt(item);
  }), [card.id]);
  const write = (/** @type {string} */ next) => {
    setText(next);
    if (next) drafts.set(card.id, next);
    else drafts.delete(card.id);
  };
  const send = () => {
    if (!text.trim()) return;
    /** @type {Sending} */
    const item = { key: crypto.randomUUID(), text: text.trim(), state: "sending" };
    keep((all) => [...all, item]);
    write("");
    attempt(item);
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing || event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    send();
  };
  const outbox = {
    retry: (/** @type {string} */ key) => items.filter((one) => one.key === key).forEach(attempt),
    discard: (/** @type {string} */ key) => keep((all) => all.filter((one) => one.key !== key)),
  };
  const isAdmin = (session.value?.agent.permission ?? 0) >= 32;
  if (card.owner_id !== agent && !isAdmin) {
    return html`<div class="composer-instead"><p>${card.owner_type ? t("inbox.notYours", { name: nameOf(card.owner_id) }) : t("inbox.claimFirst")}</p></div>`;
  }
  const label = t("composer.label", { name });
  return html`<${Pending} items=${items} live=${{ outbox }} />
    <div class="composer"><div class="composer-field">
      <textarea ref=${field} dir="auto" rows="1" value=${text} placeholder=${label} aria-label=${label}
        onInput=${(/** @type {any} */ event) => write(event.currentTarget.value)} onKeyDown=${press}></textarea>
      <${IconButton} icon="send" label=${t("composer.send")} class="send" disabled=${!text.trim()} onClick=${send} />
    </div></div>`;
}
