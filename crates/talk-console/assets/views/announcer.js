// Speaks new messages of the open chat to screen readers.

import { nameOf } from "../people.js";
import { route } from "../route.js";
import { t } from "../text.js";
import { html, useEffect, useState } from "../ui.js";

/** @param {{live: import("../live.js").Live}} props */
export function Announcer({ live }) {
  const [text, setText] = useState("");
  useEffect(() => {
    /** @param {import("../../types.d.ts").Frame} frame */
    const watch = (frame) => {
      const message = /** @type {import("../../types.d.ts").Message} */ (frame.data);
      if (frame.type !== "chatmessage_created" || message.owner_id === live.agent) return;
      if (frame.chat_id !== route.peek().chat || frame.replay) return;
      const author = message.type === "system" ? "" : nameOf(message.owner_id);
      setText(author ? t("message.says", { author, text: message.text.slice(0, 300) }) : message.text);
    };
    live.watchers.add(watch);
    return () => void live.watchers.delete(watch);
  }, [live]);
  return html`<div class="hidden" aria-live="polite" role="log">${text}</div>`;
}
