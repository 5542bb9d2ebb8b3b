// The reactions to a message: each emoji with its number, and who reacted.

import { change } from "../api.js";
import { nameOf } from "../people.js";
import { t } from "../text.js";
import { classes, html } from "../ui.js";
import { Icon } from "./icons.js";
import { picking } from "./message-state.js";

/** @typedef {import("../../types.d.ts").Message} Message */

/** Emoji of common short names, for reactions that were sent as a name. */
const NAMES = { thumbsup: "👍", "+1": "👍", heart: "❤️", tada: "🎉", eyes: "👀", joy: "😂", rocket: "🚀" };

/** @param {string} emoji */
export function shown(emoji) {
  return NAMES[/** @type {keyof typeof NAMES} */ (emoji)] ?? (/^[a-z0-9_+-]+$/.test(emoji) ? `:${emoji}:` : emoji);
}

/**
 * Adds a reaction, or takes it back.
 * @param {Message} message
 * @param {string} emoji
 * @param {string} agent
 */
export async function toggle(message, emoji, agent) {
  const path = `/talk_messages/${message.id}/reactions`;
  const isMine = message.metadata.reactions.some((one) => one.owner_id === agent && shown(one.emoji) === shown(emoji));
  if (isMine) await change("DELETE", `${path}?emoji=${encodeURIComponent(emoji)}`);
  else await change("POST", path, { emoji }, { key: crypto.randomUUID() });
}

/** @param {{message: Message, live: import("../live.js").Live}} props */
export function Reactions({ message, live }) {
  const reactions = message.metadata?.reactions ?? [];
  if (!reactions.length) return null;
  /** @type {Map<string, string[]>} */
  const agents = new Map();
  for (const { emoji, owner_id } of reactions) {
    const key = shown(emoji);
    agents.set(key, [...(agents.get(key) ?? []), owner_id]);
  }
  return html`<ul class="reactions">
    ${[...agents].map(([emoji, ids]) => {
      const isMine = ids.includes(live.agent);
      const names = ids.slice(0, 12).map((id) => (id === live.agent ? t("person.you") : nameOf(id)));
      const label = t("reaction.by", { emoji, names: names.join(", ") });
      const sent = reactions.find((one) => shown(one.emoji) === emoji)?.emoji ?? emoji;
      return html`<li key=${emoji}><button type="button" class=${classes("reaction", isMine && "mine")} aria-pressed=${isMine}
        title=${label} onClick=${() => toggle(message, sent, live.agent).catch(() => {})}>
        <span aria-hidden="true">${emoji}</span> <span aria-hidden="true">${ids.length}</span><span class="hidden">${label}</span>
      </button></li>`;
    })}
    <li><button type="button" class="reaction add" aria-label=${t("reaction.add")} title=${t("reaction.add")}
      onClick=${(/** @type {any} */ event) => (picking.value = { message, anchor: event.currentTarget })}>
      <${Icon} name="smile" />
    </button></li>
  </ul>`;
}
