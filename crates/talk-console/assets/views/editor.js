// The text of a message while it is being edited.

import { Refusal, change } from "../api.js";
import { t } from "../text.js";
import { html, useLayoutEffect, useRef, useState } from "../ui.js";
import { editing } from "./message-state.js";

/** @param {{message: import("../../types.d.ts").Message}} props */
export function Editor({ message }) {
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const [error, setError] = useState("");
  useLayoutEffect(() => {
    const area = field.current;
    area?.focus();
    area?.setSelectionRange(area.value.length, area.value.length);
  }, []);
  const end = () => {
    const row = /** @type {HTMLElement | null | undefined} */ (field.current?.closest("[data-message]"));
    editing.value = "";
    row?.focus();
  };
  const save = async () => {
    const text = field.current?.value.trim() ?? "";
    if (text === message.text) return end();
    try {
      /** @type {{status?: string}} */
      const saved = await change("PUT", `/talk_messages/${message.id}`, { text });
      if (saved.status === "held") setError(t("outbox.failed", { reason: t("outbox.held") }));
      else end();
    } catch (failure) {
      setError(failure instanceof Refusal ? failure.message : t("error.unreachable"));
    }
    return undefined;
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") end();
    else if (event.key === "Enter" && !event.shiftKey) save();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div class="editor">
    <textarea ref=${field} dir="auto" rows="1" aria-label=${t("message.edit")} defaultValue=${message.text} onKeyDown=${press}></textarea>
    <p class="editor-buttons">
      <button type="button" class="button" onClick=${end}>${t("cancel")}</button>
      <button type="button" class="primary" onClick=${save}>${t("save")}</button>
      <span class="error" role="alert">${error}</span>
    </p>
  </div>`;
}
