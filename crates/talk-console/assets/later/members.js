// The members of a chat: who they are, adding and removing them.

import { all, change } from "../api.js";
import { chats, refreshChat } from "../chats.js";
import { nameOf } from "../people.js";
import { t } from "../text.js";
import { html, useEffect, useState } from "../ui.js";
import { Avatar, Presence } from "../views/avatar.js";
import { Modal, useChange } from "../views/dialogs.js";
import { PersonChoice } from "./person-choice.js";

/** @typedef {import("../../types.d.ts").Participant} Participant */

/** @param {{live: import("../live.js").Live, dialog: {chat: string}}} props */
export default function Members({ live, dialog }) {
  const [members, setMembers] = useState(/** @type {Participant[] | null} */ (null));
  const [isAdding, setAdding] = useState(false);
  const { error, isBusy, run } = useChange();
  const chat = chats.value.get(dialog.chat);
  const path = `/talk_chats/${dialog.chat}/participants`;
  const load = () => run(async () => setMembers(await all(path, { order: "asc" })));
  useEffect(() => {
    load();
    const watch = (/** @type {import("../../types.d.ts").Frame} */ frame) => {
      if (frame.chat_id === dialog.chat && frame.type.startsWith("chatparticipant_")) load();
    };
    live.watchers.add(watch);
    return () => void live.watchers.delete(watch);
  }, [dialog.chat]);
  const add = (/** @type {string} */ owner_id) =>
    run(async () => {
      await change("POST", path, { owner_type: "agent", owner_id }, { key: crypto.randomUUID() });
      await load();
      await refreshChat(dialog.chat);
    });
  const remove = (/** @type {Participant} */ member) =>
    run(async () => {
      await change("DELETE", `${path}/${member.id}`);
      await load();
    });
  const mayChange = chat && chat.type !== "direct" && chat.status === "active";
  const known = new Set(members?.map(({ owner_id }) => owner_id));
  return html`<${Modal} title=${t("members.title")}>
    ${!members && !error && html`<p role="status">${t("loading")}</p>`}
    <ul class="choices" aria-label=${t("members.title")}>
      ${members?.map(
        (member) => html`<li class="choice" key=${member.id}>
          <${Avatar} id=${member.owner_id} name=${nameOf(member.owner_id)} isSmall />
          <span class="grow" dir="auto">${nameOf(member.owner_id)}</span>
          <${Presence} id=${member.owner_id} />
          ${mayChange &&
          member.owner_id !== live.agent &&
          html`<button type="button" class="link" disabled=${isBusy} aria-label=${`${t("members.remove")}: ${nameOf(member.owner_id)}`} onClick=${() => remove(member)}>${t("members.remove")}</button>`}
        </li>`,
      )}
    </ul>
    ${mayChange &&
    (isAdding
      ? html`<${PersonChoice} hidden=${known} onChoose=${add} label=${t("members.invite")} />`
      : html`<p><button type="button" class="button" onClick=${() => setAdding(true)}>${t("members.invite")}</button></p>`)}
    <p class="error" role="alert">${error}</p>
  <//>`;
}
