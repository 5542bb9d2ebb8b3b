// The settings of a chat: name, closing, leaving, deleting.

import { all, change } from "../api.js";
import { chats, dropChat } from "../chats.js";
import { close, open } from "../dialog-state.js";
import { go } from "../route.js";
import { t } from "../text.js";
import { html } from "../ui.js";
import { Modal, useChange } from "../views/dialogs.js";

/** @typedef {import("../../types.d.ts").OwnChat} OwnChat */

/**
 * @param {string} chat
 * @param {string} agent
 */
async function leave(chat, agent) {
  /** @type {import("../../types.d.ts").Participant[]} */
  const members = await all(`/talk_chats/${chat}/participants`);
  const own = members.find(({ owner_id }) => owner_id === agent);
  if (own) await change("DELETE", `/talk_chats/${chat}/participants/${own.id}`);
  dropChat(chat);
  go("#/");
}

/** @param {{live: import("../live.js").Live, dialog: {chat: string}}} props */
export default function Settings({ live, dialog }) {
  const chat = chats.value.get(dialog.chat);
  const { error, isBusy, run } = useChange();
  if (!chat) return null;
  const path = `/talk_chats/${chat.id}`;
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    const body = { name: form.get("name"), detail: form.get("detail") };
    if (await run(() => change("PUT", path, body))) close();
  };
  const turn = () => run(() => change("POST", `${path}/${chat.status === "active" ? "close" : "reopen"}`, {}));
  const confirmLeaving = () =>
    open({ kind: "confirm", title: t("chat.leave"), text: t("chat.leaveText"), action: t("chat.leave"), run: () => leave(chat.id, live.agent) });
  const confirmDeletion = () =>
    open({
      kind: "confirm",
      title: t("chat.delete"),
      text: t("chat.deleteText"),
      action: t("chat.delete"),
      run: async () => {
        await change("DELETE", path);
        dropChat(chat.id);
        go("#/");
      },
    });
  return html`<${Modal} title=${t("settings.title")}>
    <form class="form" onSubmit=${submit}>
      <label>${t("create.name")} <input name="name" dir="auto" maxlength="255" defaultValue=${chat.name} /></label>
      <label>${t("create.detail")} <textarea name="detail" dir="auto" rows="2" maxlength="4096" defaultValue=${chat.detail}></textarea></label>
      <p class="modal-buttons"><button class="primary" disabled=${isBusy}>${t("save")}</button></p>
    </form>
    <p class="error" role="alert">${error}</p>
    <div class="card">
      <p class="hint">${t("chat.closeHint")}</p>
      <p class="modal-buttons">
        <button type="button" class="button" disabled=${isBusy} onClick=${turn}>${t(chat.status === "active" ? "chat.close" : "chat.reopen")}</button>
        <button type="button" class="button" onClick=${confirmLeaving}>${t("chat.leave")}</button>
        <button type="button" class="danger" onClick=${confirmDeletion}>${t("chat.delete")}</button>
      </p>
    </div>
  <//>`;
}
