// A message's text with its links, mentions and code.

import { people } from "../people.js";
import { parts } from "../rich.js";
import { session } from "../session.js";
import { t } from "../text.js";
import { fullTime, parseTime } from "../time.js";
import { classes, computed, html } from "../ui.js";

/** Login names of all agents, as mentions compare them. */
const names = computed(
  () => new Set([...people.value.values()].map(({ username }) => username.normalize("NFKC").toLowerCase())),
);

/** @param {{text: string, edited?: string}} props `edited` is the time of the last edit */
export function Text({ text, edited = "" }) {
  if (!text) return null;
  const mine = session.value?.agent.username.normalize("NFKC").toLowerCase();
  const found = parts(text, (name) => names.value.has(name));
  const isEmoji = found.length === 1 && /^(\p{Extended_Pictographic}(\u200d|\ufe0f|\p{EMod})*){1,3}$/u.test(text.trim());
  return html`<div class=${classes("text", isEmoji && "large")} dir="auto">${found.map(({ kind, text: part }) => {
    if (kind === "link") return html`<a href=${part} target="_blank" rel="noopener noreferrer nofollow">${part}</a>`;
    if (kind === "code") return html`<code>${part}</code>`;
    if (kind === "block") return html`<pre tabindex="0"><code>${part}</code></pre>`;
    if (kind === "mention") {
      const isMine = part.slice(1).normalize("NFKC").toLowerCase() === mine;
      return html`<span class=${classes("mention", isMine && "me")}>${part}</span>`;
    }
    return part;
  })}${edited && html` <span class="edited" title=${fullTime(parseTime(edited))}>${t("message.edited")}</span>`}</div>`;
}
