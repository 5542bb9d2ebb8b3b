// The field for an answer to a person outside, and the answers that are on their way.

import { draftOf, keepDraft } from "../../drafts.js";
import { areFilesOn } from "../../files.js";
import { t } from "../../text.js";
import { html, useEffect, useRef, useState } from "../../ui.js";
import { AttachButton, Attachments, take, useAttachments } from "../../views/attachments.js";
import { IconButton } from "../../views/icons.js";
import { Pending } from "../../views/pending.js";

/** @typedef {import("../../../types.d.ts").Conversation} Conversation */

/** @param {{card: Conversation, name: string, live: import("../../live.js").Live}} props */
export function Answer({ card, name, live }) {
  const [text, setText] = useState(() => draftOf(card.id));
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  useEffect(() => field.current?.focus(), []);
  const write = (/** @type {string} */ next) => {
    setText(next);
    keepDraft(card.id, next);
    if (next && live.typing.isDue()) live.connection.send({ type: "typing", conversation_id: card.id });
  };
  const { items, medias, add, remove, clear, isReady } = useAttachments();
  const isEmpty = !text.trim() && !items.length;
  const send = () => {
    if (isEmpty || !isReady) return;
    live.outbox.post({ chat: card.id, isOutside: true, text: text.trim(), medias });
    clear();
    write("");
    live.typing.sent();
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing || event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    send();
  };
  const label = t("composer.label", { name });
  return html`<${Pending} items=${live.outbox.items.value.filter((item) => item.chat === card.id)} live=${live} />
    <div class="composer" onDragOver=${(/** @type {Event} */ event) => areFilesOn.value && event.preventDefault()}
      onDrop=${(/** @type {DragEvent} */ event) => take(event, event.dataTransfer?.files, add)}>
      <${Attachments} items=${items} remove=${remove} />
      <div class="composer-field">
      <${AttachButton} add=${add} />
      <textarea ref=${field} dir="auto" rows="1" value=${text} placeholder=${label} aria-label=${label}
        onInput=${(/** @type {any} */ event) => write(event.currentTarget.value)} onKeyDown=${press}
        onPaste=${(/** @type {ClipboardEvent} */ event) => take(event, event.clipboardData?.files, add)}></textarea>
      <${IconButton} icon="send" label=${t("composer.send")} class="send" disabled=${isEmpty || !isReady} onClick=${send} />
    </div></div>`;
}
