// The line that says who is typing.

import { nameOf } from "../people.js";
import { t } from "../text.js";
import { OUTSIDE } from "../typing.js";
import { html } from "../ui.js";

/**
 * @param {{live: import("../live.js").Live, chat: string, outside?: string}} props
 *   `outside` is the name of the person outside in a conversation
 */
export function TypingLine({ live, chat, outside = "" }) {
  const agents = [...(live.typing.agents.value.get(chat)?.keys() ?? [])];
  const names = agents.slice(0, 2).map((id) => (id === OUTSIDE ? outside : nameOf(id)));
  let text = "";
  if (agents.length === 1) text = t("typing.one", { name: names[0] ?? "" });
  else if (agents.length === 2) text = t("typing.two", { one: names[0] ?? "", two: names[1] ?? "" });
  else if (agents.length > 2) text = t("typing.many", { count: agents.length });
  return html`<div class="typing" aria-live="polite">
    ${text && html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${text}`}
  </div>`;
}
