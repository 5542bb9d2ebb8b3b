// Agents to mention, while a name is being written after `@`.

import { people } from "../people.js";
import { t } from "../text.js";
import { classes, html, useEffect, useState } from "../ui.js";
import { Avatar } from "./avatar.js";

/** Number of agents that are suggested at most. */
const LIMIT = 6;

/**
 * @param {{text: string, caret: number, field: {current: HTMLTextAreaElement | null},
 *   onChoose: (username: string, from: number) => void}} props
 */
export function Suggestions({ text, caret, field, onChoose }) {
  const match = /(?:^|[^\p{L}\p{N}_])[@＠]([\p{L}\p{N}._-]*)$/u.exec(text.slice(0, caret));
  const begun = match?.[1]?.normalize("NFKC").toLowerCase();
  const [chosen, setChosen] = useState(0);
  const [hidden, setHidden] = useState("");
  const from = caret - (match?.[1]?.length ?? 0) - 1;
  const isOpen = begun !== undefined && hidden !== `${from}`;
  const found = isOpen ? matching(begun) : [];
  useEffect(() => setChosen(0), [begun]);
  useEffect(() => {
    const area = field.current;
    if (!area || !found.length) return undefined;
    area.setAttribute("aria-activedescendant", `suggestion-${chosen}`);
    /** @param {KeyboardEvent} event */
    const press = (event) => {
      // A name that is written out needs no choice: Enter sends.
      const isWhole = found[chosen]?.username.toLowerCase() === begun;
      if (event.isComposing || (isWhole && event.key === "Enter")) return;
      if (event.key === "ArrowDown") setChosen((chosen + 1) % found.length);
      else if (event.key === "ArrowUp") setChosen((chosen + found.length - 1) % found.length);
      else if (event.key === "Escape") setHidden(`${from}`);
      else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") {
        onChoose(found[chosen]?.username ?? "", from);
      } else return;
      event.preventDefault();
      event.stopPropagation();
    };
    area.addEventListener("keydown", press, true);
    return () => {
      area.removeEventListener("keydown", press, true);
      area.removeAttribute("aria-activedescendant");
    };
  });
  if (!found.length) return null;
  return html`<ul class="suggestions" role="listbox" aria-label=${t("composer.people")}>
    ${found.map(
      (agent, at) => html`<li key=${agent.id} id=${`suggestion-${at}`} role="option" aria-selected=${at === chosen}
        class=${classes(at === chosen && "chosen")}
        onPointerDown=${(/** @type {Event} */ event) => (event.preventDefault(), onChoose(agent.username, from))}>
        <${Avatar} id=${agent.id} name=${agent.name || agent.username} isSmall />
        <span dir="auto">${agent.name || agent.username}</span> <span class="muted">@${agent.username}</span>
      </li>`,
    )}
  </ul>`;
}

/** @param {string} begun */
function matching(begun) {
  const fits = (/** @type {string} */ name) => name.normalize("NFKC").toLowerCase().startsWith(begun);
  const agents = [...people.value.values()].filter(
    ({ username, name, status }) => status === "active" && (fits(username) || name.split(/\s+/u).some(fits)),
  );
  return agents.sort((one, two) => one.username.localeCompare(two.username)).slice(0, LIMIT);
}
