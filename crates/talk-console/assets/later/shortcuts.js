// The list of keyboard shortcuts.

import { SHORTCUTS } from "../shortcuts.js";
import { t } from "../text.js";
import { html } from "../ui.js";
import { Modal } from "../views/dialogs.js";

/** The dialog. */
export default function Shortcuts() {
  return html`<${Modal} title=${t("shortcuts.title")}>
    <dl class="keys">
      ${SHORTCUTS.map(
        ([keys, name]) => html`<dt dir="ltr">${keys.map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${t(name)}</dd>`,
      )}
    </dl>
  <//>`;
}
