// The field in which a message is written.

import { draftOf, keepDraft } from "../drafts.js";
import { areFilesOn } from "../files.js";
import { t } from "../text.js";
import { html, useLayoutEffect, useRef, useState } from "../ui.js";
import { AttachButton, Attachments, take, useAttachments } from "./attachments.js";
import { IconButton } from "./icons.js";
import { Suggestions } from "./suggestions.js";
import { editing } from "./message-state.js";

/** @typedef {import("../../types.d.ts").OwnChat} OwnChat */

/** The longest text that the server accepts by default, in characters. */
const LONGEST = 16_000;

/**
 * @param {{live: import("../live.js").Live, chat: OwnChat, name: string, parent?: string, isMain?: boolean}} props
 */
export function Composer({ live, chat, name, parent = "", isMain = false }) {
  const draft = parent ? `${chat.id}/${parent}` : chat.id;
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const [text, setText] = useState(() => draftOf(draft));
  const [caret, setCaret] = useState(0);
  const { items, medias, add, remove, clear, isReady } = useAttachments();
  const isPhone = matchMedia("(pointer: coarse)").matches;
  // Before the next key: it belongs to the field that is on the screen.
  useLayoutEffect(() => {
    if (!isPhone) field.current?.focus();
  }, [draft]);

  /** @param {string} next */
  const write = (next) => {
    setText(next);
    keepDraft(draft, next);
  };
  const input = (/** @type {any} */ event) => {
    const area = /** @type {HTMLTextAreaElement} */ (event.currentTarget);
    write(area.value);
    setCaret(area.selectionStart);
    if (area.value && live.typing.isDue()) live.connection.send({ type: "typing", chat_id: chat.id });
  };
  const send = () => {
    const wanted = text.trim();
    if ((!wanted && !items.length) || !isReady) return;
    live.outbox.post({ chat: chat.id, parent, text: wanted, medias });
    clear();
    live.typing.sent();
    write("");
    field.current?.focus();
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing || event.defaultPrevented) return;
    if (event.key === "Enter" && !event.shiftKey && !isPhone) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && !text && isMain) {
      const own = live.history(chat.id).messages.peek();
      const last = own.findLast((one) => one.owner_id === live.agent && !one.tm_delete && one.type === "normal");
      if (!last) return;
      event.preventDefault();
      editing.value = last.id;
    }
  };
  /** @param {string} username @param {number} from */
  const mention = (username, from) => {
    const next = `${text.slice(0, from)}@${username} ${text.slice(caret)}`;
    write(next);
    const at = from + username.length + 2;
    setCaret(at);
    requestAnimationFrame(() => field.current?.setSelectionRange(at, at));
  };
  const label = parent ? t("thread.write") : t("composer.label", { name });
  const left = LONGEST - [...text].length;
  return html`<div class="composer" onDragOver=${(/** @type {Event} */ event) => areFilesOn.value && event.preventDefault()}
    onDrop=${(/** @type {DragEvent} */ event) => take(event, event.dataTransfer?.files, add)}>
    <${Suggestions} text=${text} caret=${caret} field=${field} onChoose=${mention} />
    <${Attachments} items=${items} remove=${remove} />
    <div class="composer-field">
      <${AttachButton} add=${add} />
      <textarea ref=${field} dir="auto" rows="1" value=${text} placeholder=${label} aria-label=${label}
        onInput=${input} onKeyDown=${press} onPaste=${(/** @type {ClipboardEvent} */ event) => take(event, event.clipboardData?.files, add)} onSelect=${(/** @type {any} */ event) => setCaret(event.currentTarget.selectionStart)}></textarea>
      <${IconButton} icon="send" label=${t("composer.send")} class="send" disabled=${(!text.trim() && !items.length) || !isReady || left < 0} onClick=${send} />
    </div>
    ${left < 200 && html`<p class=${left < 0 ? "error" : "muted"} role="status">${t("composer.left", { count: left })}</p>`}
  </div>`;
}
