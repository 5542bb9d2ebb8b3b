// The picture of an agent: initials on a colour that follows from the id.

import { presence } from "../people.js";
import { t } from "../text.js";
import { classes, html } from "../ui.js";

const COLOURS = 8;

/** @param {string} id */
function colourOf(id) {
  let sum = 0;
  for (const sign of id) sum = (sum * 31 + (sign.codePointAt(0) ?? 0)) >>> 0;
  return sum % COLOURS;
}

/** @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/u).slice(0, 2);
  return words.map((word) => [...word][0] ?? "").join("").toLocaleUpperCase();
}

/** @param {{id: string, name: string, isSmall?: boolean}} props */
export function Avatar({ id, name, isSmall = false }) {
  const name_of_class = `avatar avatar-${colourOf(id)}`;
  return html`<span class=${classes(name_of_class, isSmall && "small")} aria-hidden="true">${initials(name)}</span>`;
}

/** @param {{id: string}} props */
export function Presence({ id }) {
  const status = presence.value.get(id) ?? "offline";
  const label = t(status === "online" ? "presence.online" : status === "away" ? "presence.away" : "presence.offline");
  return html`<span class=${`presence ${status}`} role="img" aria-label=${label} title=${label}></span>`;
}
