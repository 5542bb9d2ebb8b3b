// A message: its author, text, attachments, reactions and actions.

import { get } from "../api.js";
import { nameOf } from "../people.js";
import { chatPath, go } from "../route.js";
import { t } from "../text.js";
import { clockTime, fullTime, parseTime } from "../time.js";
import { classes, html, useEffect, useState } from "../ui.js";
import { Actions, isActionKey } from "./actions.js";
import { Avatar } from "./avatar.js";
import { Editor } from "./editor.js";
import { Icon } from "./icons.js";
import { Medias } from "./medias.js";
import { Reactions } from "./reactions.js";
import { Text } from "./rich-text.js";
import { activeMessage, editing } from "./message-state.js";

/** @typedef {import("../../types.d.ts").Message} Message */
/** @typedef {import("../live.js").Live} Live */

/** Hides the actions when the pointer leaves, unless the focus is on them. @param {PointerEvent} event */
function leave(event) {
  const row = /** @type {HTMLElement} */ (event.currentTarget);
  if (event.pointerType === "mouse" && !row.contains(document.activeElement)) activeMessage.value = "";
}

/**
 * @param {{message: Message, isGrouped: boolean, live: Live, depth?: number, isInThread?: boolean,
 *   onReply?: (message: Message) => void}} props
 */
export function MessageItem({ message, isGrouped, live, depth = 0, isInThread = false, onReply }) {
  const time = parseTime(message.tm_create);
  const isDeleted = message.tm_delete !== "";
  const key = `${isInThread ? "thread-" : ""}${message.id}`;
  if (message.type === "system") {
    return html`<li class="system" data-message=${message.id} tabindex="-1">
      <span dir="auto">${message.text}</span> <time datetime=${time.toISOString()}>${clockTime(time)}</time>
    </li>`;
  }
  const author = nameOf(message.owner_id, t("person.unknown"));
  const isActive = activeMessage.value === key;
  const reply = () => (onReply ? onReply(message) : go(chatPath(message.chat_id, "thread", message.root_id)));
  return html`<li
    class=${classes("message", isGrouped && "grouped", isDeleted && "deleted", isActive && "active")}
    data-message=${message.id}
    data-depth=${depth || undefined}
    tabindex=${isActive ? 0 : -1}
    onPointerEnter=${() => (activeMessage.value = key)}
    onPointerLeave=${leave}
    onFocusIn=${() => (activeMessage.value = key)}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => isActionKey(event, message, live, reply)}
    aria-label=${t("message.label", { author, time: clockTime(time), text: isDeleted ? t("message.deleted") : message.text })}
  >
    ${isGrouped
      ? html`<time class="gutter" datetime=${time.toISOString()} title=${fullTime(time)}>${clockTime(time)}</time>`
      : html`<${Avatar} id=${message.owner_id} name=${author} />`}
    <div class="body">
      ${message.parent_id && !isInThread && html`<${Quote} message=${message} live=${live} />`}
      ${!isGrouped &&
      html`<p class="byline"><strong dir="auto">${author}</strong>
        <time datetime=${time.toISOString()} title=${fullTime(time)}>${clockTime(time)}</time></p>`}
      ${isDeleted
        ? html`<p class="text tombstone"><${Icon} name="trash" /> ${t("message.deleted")}</p>`
        : editing.value === key
          ? html`<${Editor} message=${message} />`
          : html`<${Text} text=${message.text} edited=${message.tm_edit} />`}
      <${Medias} medias=${message.medias} />
      <${Reactions} message=${message} live=${live} />
      ${message.reply_count > 0 &&
      !isInThread &&
      html`<button type="button" class="thread-link" onClick=${reply}><${Icon} name="thread" /> ${t("thread.replies", { count: message.reply_count })}</button>`}
    </div>
    ${isActive && !isDeleted && editing.value !== key &&
    html`<${Actions} message=${message} live=${live} onReply=${reply} editKey=${key} />`}
  </li>`;
}

/** Parents that are not in the window, by id. @type {Map<string, Promise<Message>>} */
const parents = new Map();

/** The beginning of the message that is replied to. @param {{message: Message, live: Live}} props */
function Quote({ message, live }) {
  const id = message.parent_id ?? "";
  const near = live.history(message.chat_id).find(id);
  const [far, setFar] = useState(/** @type {Message | null} */ (null));
  useEffect(() => {
    if (near) return;
    if (parents.size > 500) parents.clear();
    const lookup = parents.get(id) ?? get(`/talk_messages/${id}`);
    parents.set(id, /** @type {Promise<Message>} */ (lookup));
    lookup.then((found) => setFar(/** @type {Message} */ (found)), () => parents.delete(id));
  }, [id, Boolean(near)]);
  const parent = near ?? far;
  const author = parent ? nameOf(parent.owner_id, t("person.unknown")) : "…";
  const text = !parent ? "" : parent.tm_delete ? t("message.deleted") : parent.text || t("message.attachment");
  return html`<a class="quote" href=${chatPath(message.chat_id, "thread", message.root_id)} title=${t("thread.open")}>
    <${Icon} name="reply" /><span class="hidden">${t("thread.inReplyTo")}</span> <strong dir="auto">${author}</strong> <span dir="auto">${text.slice(0, 200)}</span>
  </a>`;
}
