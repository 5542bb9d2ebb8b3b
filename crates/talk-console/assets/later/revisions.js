// The earlier versions of a message.

import { all } from "../api.js";
import { t } from "../text.js";
import { parseTime, shortTime } from "../time.js";
import { html, useEffect, useState } from "../ui.js";
import { Modal, useChange } from "../views/dialogs.js";
import { Text } from "../views/rich-text.js";

/** @typedef {import("../../types.d.ts").Message} Message */
/** @typedef {import("../../types.d.ts").Revision} Revision */

/** @param {{dialog: {message: Message}}} props */
export default function Revisions({ dialog }) {
  const { message } = dialog;
  const [versions, setVersions] = useState(/** @type {Revision[] | null} */ (null));
  const { error, run } = useChange();
  useEffect(() => void run(async () => setVersions(await all(`/talk_messages/${message.id}/revisions`))), [message.id]);
  return html`<${Modal} title=${t("revisions.title")}>
    ${!versions && !error && html`<p role="status">${t("loading")}</p>`}
    <ol class="revisions">
      <li class="revision"><p class="hint">${t("revisions.now")}</p><${Text} text=${message.text} /></li>
      ${versions?.map(
        ({ tm_create, text }) => html`<li class="revision" key=${tm_create}>
          <p class="hint">${shortTime(parseTime(tm_create))}</p><${Text} text=${text} />
        </li>`,
      )}
    </ol>
    <p class="error" role="alert">${error}</p>
  <//>`;
}
