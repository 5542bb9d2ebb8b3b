// A list of agents to choose from.

import { people } from "../people.js";
import { t } from "../text.js";
import { html, useState } from "../ui.js";
import { Avatar, Presence } from "../views/avatar.js";

/** Number of agents that are shown; others are found by their names. */
const LIMIT = 50;

/**
 * @param {{hidden: Set<string>, onChoose: (id: string) => void, label: string}} props
 */
export function PersonChoice({ hidden, onChoose, label }) {
  const [text, setText] = useState("");
  const wanted = text.trim().toLocaleLowerCase();
  const found = [...people.value.values()]
    .filter(({ id, name, username, status }) => !hidden.has(id) && status === "active" && `${name} ${username}`.toLocaleLowerCase().includes(wanted))
    .sort((one, two) => (one.name || one.username).localeCompare(two.name || two.username))
    .slice(0, LIMIT);
  return html`<div class="form">
    <label>${label}
      <input type="search" placeholder=${t("create.person")} value=${text} onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)} />
    </label>
    <div class="choices">
      ${found.map(
        (agent) => html`<button type="button" class="choice" key=${agent.id} onClick=${() => onChoose(agent.id)}>
          <${Avatar} id=${agent.id} name=${agent.name || agent.username} isSmall />
          <span class="grow" dir="auto">${agent.name || agent.username} <span class="muted">@${agent.username}</span></span>
          <${Presence} id=${agent.id} />
        </button>`,
      )}
    </div>
  </div>`;
}
