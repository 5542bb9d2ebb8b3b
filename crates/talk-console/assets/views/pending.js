// Messages that are being sent, below those that have arrived.

import { t } from "../text.js";
import { classes, html } from "../ui.js";
import { Icon } from "./icons.js";

/**
 * @param {{items: import("../outbox.js").Outgoing[], live: import("../live.js").Live}} props
 */
export function Pending({ items, live }) {
  if (!items.length) return null;
  return html`<ol class="message-list pending-list" aria-label=${t("outbox.label")}>
    ${items.map(
      (item) => html`<li key=${item.key} class=${classes("pending", item.state)}>
        <p class="text" dir="auto">${item.text || t("message.attachment")}</p>
        <p class="pending-state">
          ${item.state === "failed"
            ? html`<span class="error"><${Icon} name="warning" /> ${t("outbox.failed", { reason: item.error ?? "" })}</span>
                <button type="button" class="link" onClick=${() => live.outbox.retry(item.key)}>${t("outbox.retry")}</button>
                <button type="button" class="link" onClick=${() => live.outbox.discard(item.key)}>${t("outbox.discard")}</button>`
            : html`<span>${t(item.state === "sending" ? "outbox.sending" : "outbox.queued")}</span>`}
        </p>
      </li>`,
    )}
  </ol>`;
}
