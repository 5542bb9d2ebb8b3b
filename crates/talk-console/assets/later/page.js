// The head of a page beside the list of chats.

import { t } from "../text.js";
import { html } from "../ui.js";
import { Icon } from "../views/icons.js";

/** @param {{title: string, children?: unknown}} props */
export function PageHead({ title, children }) {
  return html`<header class="page-head">
    <div class="page-title">
      <a class="icon-button only-narrow" href="#/" aria-label=${t("chat.back")}><${Icon} name="back" /></a>
      <h1>${title}</h1>
    </div>
    ${children}
  </header>`;
}
