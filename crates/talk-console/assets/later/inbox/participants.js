// The agents who take part in a conversation besides its owner.

import { change, get } from "../../api.js";
import { nameOf } from "../../people.js";
import { t } from "../../text.js";
import { html, useCallback, useEffect, useState } from "../../ui.js";
import { Avatar, Presence } from "../../views/avatar.js";
import { useChange } from "../../views/dialogs.js";
import { PersonChoice } from "../person-choice.js";
import { useFollowing } from "./following.js";

/** @typedef {import("../../../types.d.ts").ConversationParticipant} Participant */

/** @param {{card: import("../../../types.d.ts").Conversation, live: import("../../live.js").Live}} props */
export function Participants({ card, live }) {
  const [rows, setRows] = useState(/** @type {Participant[] | null} */ (null));
  const [isAdding, setAdding] = useState(false);
  const { error, isBusy, run } = useChange();
  const path = `/v1.0/conversations/${card.id}/participants`;
  const load = useCallback(async () => {
    /** @type {import("../../../types.d.ts").Page<Participant>} */
    const { result } = await get(path);
    setRows(result);
  }, [path]);
  const refresh = useCallback(() => load().catch(() => {}), [load]);
  useEffect(() => void run(load), [load]);
  useFollowing(live, refresh, card.id);
  const add = (/** @type {string} */ owner_id) =>
    run(async () => {
      await change("POST", path, { owner_type: "agent", owner_id }, { key: crypto.randomUUID() });
      setAdding(false);
      await load();
    });
  const remove = (/** @type {string} */ agent) =>
    run(async () => {
      await change("DELETE", `${path}/${agent}`);
      if (agent !== live.agent) await load();
    });
  const title = t("inbox.participants");
  return html`<section class="card contact-card" aria-label=${title}>
    <h3>${title}</h3>
    ${rows?.length === 0 && html`<p class="muted">${t("inbox.noParticipants")}</p>`}
    <ul class="choices" aria-label=${title}>
      ${rows?.map(
        ({ owner_id }) => html`<li class="choice" key=${owner_id}>
          <${Avatar} id=${owner_id} name=${nameOf(owner_id)} isSmall />
          <span class="grow" dir="auto">${nameOf(owner_id)}</span>
          <${Presence} id=${owner_id} />
          <button type="button" class="link" disabled=${isBusy} aria-label=${`${t("members.remove")}: ${nameOf(owner_id)}`} onClick=${() => remove(owner_id)}>${t("members.remove")}</button>
        </li>`,
      )}
    </ul>
    ${isAdding
      ? html`<${PersonChoice} hidden=${new Set([card.owner_id, ...(rows ?? []).map(({ owner_id }) => owner_id)])} onChoose=${add} label=${t("members.invite")} />`
      : html`<p><button type="button" class="button" onClick=${() => setAdding(true)}>${t("members.invite")}</button></p>`}
    <p class="error" role="alert">${error}</p>
  </section>`;
}
