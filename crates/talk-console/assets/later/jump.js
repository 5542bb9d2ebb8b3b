// Going to a chat or a person by a part of the name.

import { change } from "../api.js";
import { chats, refreshChat } from "../chats.js";
import { close } from "../dialog-state.js";
import { people } from "../people.js";
import { chatPath, go } from "../route.js";
import { chatName, sorted } from "../sections.js";
import { session } from "../session.js";
import { t } from "../text.js";
import { classes, html, useState } from "../ui.js";
import { Avatar } from "../views/avatar.js";
import { Modal, useChange } from "../views/dialogs.js";
import { Icon } from "../views/icons.js";

/** @typedef {import("../../types.d.ts").OwnChat} OwnChat */

const LIMIT = 12;

/**
 * Opens the direct chat with an agent, which is created if there is none.
 * @param {string} agent
 */
export async function openDirect(agent) {
  const participants = [{ owner_type: "agent", owner_id: agent }];
  const key = crypto.randomUUID();
  /** @type {OwnChat} */
  const chat = await change("POST", "/talk_chats", { type: "direct", participants }, { key });
  await refreshChat(chat.id);
  go(chatPath(chat.id));
}

/** The dialog. */
export default function Jump() {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const { error, run } = useChange();
  const wanted = text.trim().toLocaleLowerCase();
  const fits = (/** @type {string} */ name) => name.toLocaleLowerCase().includes(wanted);
  const found = [
    ...sorted([...chats.value.values()])
      .filter((chat) => fits(chatName(chat)))
      .map((chat) => ({ id: chat.id, name: chatName(chat), chat, agent: null })),
    ...[...people.value.values()]
      .filter(({ id, name, username, status }) => wanted && status === "active" && id !== session.value?.agent.id && (fits(name) || fits(username)))
      .map((agent) => ({ id: agent.id, name: agent.name || agent.username, chat: null, agent })),
  ].slice(0, LIMIT);
  const pick = async (/** @type {number} */ at) => {
    const one = found[at];
    if (!one) return;
    if (one.chat) go(chatPath(one.id));
    if (one.chat || (await run(() => openDirect(one.id)))) close();
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    const count = Math.max(found.length, 1);
    if (event.key === "ArrowDown") setChosen((chosen + 1) % count);
    else if (event.key === "ArrowUp") setChosen((chosen + count - 1) % count);
    else if (event.key === "Enter" && !event.isComposing) pick(chosen);
    else return;
    event.preventDefault();
  };
  return html`<${Modal} title=${t("jump.title")}>
    <input type="search" role="combobox" aria-expanded="true" aria-controls="jump-list" aria-activedescendant=${found.length ? `jump-${chosen}` : undefined}
      aria-label=${t("jump.find")} placeholder=${t("jump.find")} autofocus value=${text}
      onInput=${(/** @type {any} */ event) => (setText(event.currentTarget.value), setChosen(0))} onKeyDown=${press} />
    <div class="choices" id="jump-list" role="listbox" aria-label=${t("jump.title")}>
      ${found.map(
        ({ id, name, chat, agent }, at) => html`<div key=${id} id=${`jump-${at}`} role="option" aria-selected=${at === chosen}
          class=${classes("choice", at === chosen && "chosen")} onClick=${() => pick(at)}>
          ${agent ? html`<${Avatar} id=${id} name=${name} isSmall />` : html`<${Icon} name=${chat?.type === "talk" ? "channel" : "group"} />`}
          <span class="grow" dir="auto">${name}</span>
          ${agent && html`<span class="muted">@${agent.username}</span>`}
        </div>`,
      )}
    </div>
    ${!found.length && html`<p class="muted" role="status">${t("jump.none")}</p>`}
    <p class="error" role="alert">${error}</p>
  <//>`;
}
