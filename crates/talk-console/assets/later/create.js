// Creating a channel, a group or a direct chat.

import { change } from "../api.js";
import { refreshChat } from "../chats.js";
import { close } from "../dialog-state.js";
import { nameOf } from "../people.js";
import { chatPath, go } from "../route.js";
import { t } from "../text.js";
import { html, useMemo, useState } from "../ui.js";
import { Modal, useChange } from "../views/dialogs.js";
import { Icon } from "../views/icons.js";
import { openDirect } from "./jump.js";
import { PersonChoice } from "./person-choice.js";

/** @param {{live: import("../live.js").Live, dialog: {type?: string}}} props */
export default function Create({ live, dialog }) {
  const type = dialog.type ?? "group";
  const [chosen, setChosen] = useState(/** @type {string[]} */ ([]));
  const { error, isBusy, run } = useChange();
  // One key for the dialog: a second click creates no second chat.
  const key = useMemo(() => crypto.randomUUID(), []);
  const hidden = new Set([live.agent, ...chosen]);
  if (type === "direct") {
    const start = async (/** @type {string} */ id) => (await run(() => openDirect(id))) && close();
    return html`<${Modal} title=${t("directs.create")}>
      <${PersonChoice} hidden=${hidden} onChoose=${start} label=${t("create.people")} />
      <p class="error" role="alert">${error}</p>
    <//>`;
  }
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    const participants = chosen.map((owner_id) => ({ owner_type: "agent", owner_id }));
    const body = { type, name: form.get("name"), detail: form.get("detail"), participants };
    await run(async () => {
      /** @type {import("../../types.d.ts").OwnChat} */
      const chat = await change("POST", "/talk_chats", body, { key });
      await refreshChat(chat.id);
      close();
      go(chatPath(chat.id));
    });
  };
  const remove = (/** @type {string} */ id) => setChosen(chosen.filter((one) => one !== id));
  return html`<${Modal} title=${t(type === "talk" ? "channels.create" : "groups.create")}>
    <form class="form" id="create" onSubmit=${submit}>
      <label>${t("create.name")} <input name="name" dir="auto" required maxlength="255" autofocus /></label>
      <label>${t("create.detail")} <input name="detail" dir="auto" maxlength="4096" /></label>
    </form>
    <ul class="chips">
      ${chosen.map(
        (id) => html`<li key=${id}><button type="button" class="chip" onClick=${() => remove(id)} aria-label=${`${t("members.remove")}: ${nameOf(id)}`}>
          ${nameOf(id)} <${Icon} name="close" />
        </button></li>`,
      )}
    </ul>
    <${PersonChoice} hidden=${hidden} onChoose=${(/** @type {string} */ id) => setChosen([...chosen, id])} label=${t("create.people")} />
    <p class="error" role="alert">${error}</p>
    <p class="modal-buttons"><button class="primary" form="create" disabled=${isBusy}>${t("create.create")}</button></p>
  <//>`;
}
