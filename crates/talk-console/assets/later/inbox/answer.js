// The field for an answer to a person outside, and the answers that are on their way.

import { draftOf, keepDraft } from "../../drafts.js";
import { t } from "../../text.js";
import { html, useEffect, useRef, useState } from "../../ui.js";
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
  const send = () => {
    const wanted = text.trim();
    if (!wanted) return;
    live.outbox.post({ chat: card.id, isOutside: true, text: wanted });
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
    <div class="composer"><div class="composer-field">
      <textarea ref=${field} dir="auto" rows="1" value=${text} placeholder=${label} aria-label=${label}
        onInput=${(/** @type {any} */ event) => write(event.currentTarget.value)} onKeyDown=${press}></textarea>
      <${IconButton} icon="send" label=${t("composer.send")} class="send" disabled=${!text.trim()} onClick=${send} />
    </div></div>`;
}
