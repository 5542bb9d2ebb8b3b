// Who has read a message.

import { all } from "../api.js";
import { nameOf } from "../people.js";
import { t } from "../text.js";
import { html, useEffect, useState } from "../ui.js";
import { Avatar } from "../views/avatar.js";
import { Modal, useChange } from "../views/dialogs.js";

/** @typedef {import("../../types.d.ts").ReadMark} ReadMark */

/** @param {{live: import("../live.js").Live, dialog: {message: import("../../types.d.ts").Message}}} props */
export default function Readers({ live, dialog }) {
  const { message } = dialog;
  const [marks, setMarks] = useState(/** @type {ReadMark[] | null} */ (null));
  const { error, run } = useChange();
  const load = () => run(async () => setMarks(await all(`/talk_messages/${message.id}/read_by`)));
  useEffect(() => {
    load();
    const watch = (/** @type {import("../../types.d.ts").Frame} */ frame) => {
      if (frame.chat_id === message.chat_id && frame.type === "chat_read_updated") load();
    };
    live.watchers.add(watch);
    return () => void live.watchers.delete(watch);
  }, [message.id]);
  const others = marks?.filter(({ owner_id }) => owner_id !== message.owner_id);
  return html`<${Modal} title=${t("readers.title")}>
    ${!marks && !error && html`<p role="status">${t("loading")}</p>`}
    ${others?.length === 0 && html`<p class="muted">${t("readers.none")}</p>`}
    <ul class="choices">
      ${others?.map(
        ({ owner_id }) => html`<li class="choice" key=${owner_id}>
          <${Avatar} id=${owner_id} name=${nameOf(owner_id)} isSmall /> <span class="grow" dir="auto">${nameOf(owner_id)}</span>
        </li>`,
      )}
    </ul>
    <p class="error" role="alert">${error}</p>
  <//>`;
}
