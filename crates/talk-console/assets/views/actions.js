// What can be done with a message: by its buttons, and by keys while it has the focus.

import { change } from "../api.js";
import { open } from "../dialog-state.js";
import { isWriting } from "../shortcuts.js";
import { t } from "../text.js";
import { html } from "../ui.js";
import { IconButton } from "./icons.js";
import { editing, picking } from "./message-state.js";
import { toggle } from "./reactions.js";

/** @typedef {import("../../types.d.ts").Message} Message */
/** @typedef {import("../live.js").Live} Live */

const QUICK = ["👍", "❤️", "🎉"];

/** @param {Message} message */
function confirmDeletion(message) {
  open({
    kind: "confirm",
    title: t("message.delete"),
    text: t("message.deleteText"),
    action: t("message.delete"),
    run: () => change("DELETE", `/talk_messages/${message.id}`),
  });
}

/** @param {{message: Message, live: Live, onReply: () => void, editKey: string}} props */
export function Actions({ message, live, onReply, editKey }) {
  const isOwn = message.owner_id === live.agent;
  const pick = (/** @type {any} */ event) => (picking.value = { message, anchor: event.currentTarget });
  return html`<div class="actions" role="toolbar" aria-label=${t("message.actions")}>
    ${QUICK.map(
      (emoji) => html`<button type="button" class="icon-button emoji" key=${emoji} aria-label=${t("reaction.with", { emoji })}
        title=${t("reaction.with", { emoji })} onClick=${() => toggle(message, emoji, live.agent).catch(() => {})}>${emoji}</button>`,
    )}
    <${IconButton} icon="smile" label=${t("reaction.add")} hint="+" onClick=${pick} />
    <${IconButton} icon="thread" label=${t("thread.reply")} hint="R" onClick=${onReply} />
    ${isOwn && html`<${IconButton} icon="edit" label=${t("message.edit")} hint="E" onClick=${() => (editing.value = editKey)} />`}
    ${message.tm_edit && html`<${IconButton} icon="history" label=${t("revisions.title")} onClick=${() => open({ kind: "history", message })} />`}
    <${IconButton} icon="check" label=${t("readers.title")} onClick=${() => open({ kind: "readers", message })} />
    ${isOwn && html`<${IconButton} icon="trash" label=${t("message.delete")} hint="Del" onClick=${() => confirmDeletion(message)} />`}
  </div>`;
}

/**
 * Handles the keys of the message that has the focus.
 * @param {KeyboardEvent} event
 * @param {Message} message
 * @param {Live} live
 * @param {() => void} reply
 */
export function isActionKey(event, message, live, reply) {
  const row = /** @type {HTMLElement} */ (event.currentTarget);
  if (isWriting() || event.ctrlKey || event.metaKey || event.altKey) return;
  const isOwn = message.owner_id === live.agent && !message.tm_delete;
  const isHere = event.target === row;
  const key = row.closest(".thread") ? `thread-${message.id}` : message.id;
  if (event.key === "ArrowUp" && isHere) focusRow(row, "previousElementSibling");
  else if (event.key === "ArrowDown" && isHere) focusRow(row, "nextElementSibling");
  else if (event.key === "e" && isOwn) editing.value = key;
  else if (event.key === "r") reply();
  else if (event.key === "+" && !message.tm_delete) picking.value = { message, anchor: row };
  else if (event.key === "Delete" && isOwn) confirmDeletion(message);
  else return;
  event.preventDefault();
}

/**
 * @param {HTMLElement} row
 * @param {"previousElementSibling" | "nextElementSibling"} way
 */
function focusRow(row, way) {
  let next = row[way];
  while (next && !next.hasAttribute("data-message")) next = next[way];
  if (next instanceof HTMLElement) next.focus();
  else if (way === "nextElementSibling") {
    row.closest("section, aside")?.querySelector("textarea")?.focus();
  }
}
