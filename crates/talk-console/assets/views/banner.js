// The state of the connection and of the first requests, while something is wrong.

import { nextAttempt, state } from "../socket.js";
import { t } from "../text.js";
import { html, useEffect, useState } from "../ui.js";

/** @param {{live: import("../live.js").Live}} props */
export function Banner({ live }) {
  const isCut = state.value === "cut";
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!isCut) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isCut]);
  const seconds = Math.max(0, Math.ceil((nextAttempt.value - now) / 1000));
  const waiting = live.outbox.items.value.length;
  return html`<div role="status" class="banners">
    ${isCut &&
    html`<p class="banner" id="offline-banner">
      <span>${t("offline.title")} ${waiting > 0 && t("offline.waiting", { count: waiting })}</span>
      <span aria-hidden="true" class="muted">${seconds > 0 && t("offline.next", { seconds })}</span>
      <button type="button" class="link" onClick=${() => live.connection.retry()}>${t("offline.now")}</button>
    </p>`}
    ${live.error.value &&
    !isCut &&
    html`<p class="banner">
      <span>${t("error.load")}</span>
      <button type="button" class="link" onClick=${() => live.load()}>${t("error.again")}</button>
    </p>`}
  </div>`;
}
