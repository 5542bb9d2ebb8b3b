// Webhooks and their deliveries, for admins.

import { all, change, get } from "../api.js";
import { setPlace } from "../badge.js";
import { open } from "../dialog-state.js";
import { t } from "../text.js";
import { parseTime, shortTime } from "../time.js";
import { html, useEffect, useState } from "../ui.js";
import { useChange } from "../views/dialogs.js";
import { PageHead } from "./page.js";

/** @typedef {import("../../types.d.ts").Webhook} Webhook */
/** @typedef {import("../../types.d.ts").Delivery} Delivery */

/** The view. */
export default function Webhooks() {
  const [hooks, setHooks] = useState(/** @type {Webhook[] | null} */ (null));
  const [secret, setSecret] = useState("");
  const [isAdding, setAdding] = useState(false);
  const { error, isBusy, run } = useChange();
  const load = () => run(async () => setHooks(await all("/v1.0/webhooks")));
  useEffect(() => {
    setPlace(t("webhooks.title"));
    load();
  }, []);
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    const events = String(form.get("events")).split(",").map((one) => one.trim()).filter(Boolean);
    await run(async () => {
      /** @type {Webhook} */
      const made = await change("POST", "/v1.0/webhooks", { uri: form.get("uri"), events }, { key: crypto.randomUUID() });
      setSecret(made.secret ?? "");
      setAdding(false);
      await load();
    });
  };
  return html`<div class="page"><div class="page-inside">
    <${PageHead} title=${t("webhooks.title")}>
      <button type="button" class="primary" aria-expanded=${isAdding} onClick=${() => setAdding(!isAdding)}>${t("webhooks.add")}</button>
    <//>
    <p class="error" role="alert">${error}</p>
    ${secret && html`<div role="status"><p>${t("webhooks.secret")}</p><p class="secret" dir="ltr">${secret}</p></div>`}
    ${isAdding &&
    html`<form class="card form" onSubmit=${submit}>
      <label>${t("webhooks.uri")} <input name="uri" type="url" dir="ltr" required maxlength="2048" placeholder="https://" /></label>
      <label>${t("webhooks.events")} <input name="events" dir="ltr" placeholder="chatmessage_*" /></label>
      <p class="modal-buttons"><button class="primary" disabled=${isBusy}>${t("webhooks.add")}</button></p>
    </form>`}
    ${hooks?.length === 0 && html`<p class="muted">${t("webhooks.none")}</p>`}
    <ul class="form">${hooks?.map((hook) => html`<li key=${hook.id}><${Hook} hook=${hook} load=${load} setSecret=${setSecret} /></li>`)}</ul>
  </div></div>`;
}

/** @param {{hook: Webhook, load: () => Promise<unknown>, setSecret: (secret: string) => void}} props */
function Hook({ hook, load, setSecret }) {
  const { error, isBusy, run } = useChange();
  const [rows, setRows] = useState(/** @type {Delivery[] | null} */ (null));
  const path = `/v1.0/webhooks/${hook.id}`;
  const show = () =>
    run(async () => {
      /** @type {{result: Delivery[]}} */
      const { result } = await get(`${path}/deliveries`, { page_size: 50 });
      setRows(result);
    });
  const turn = () => run(() => change("PUT", path, { enabled: !hook.enabled }).then(load));
  const test = () => run(() => change("POST", `${path}/test`, {}, { key: crypto.randomUUID() }).then(show));
  const replay = () => run(() => change("POST", `${path}/replay`, { only: "dead" }).then(show));
  const rotate = () =>
    run(async () => {
      /** @type {Webhook} */
      const { secret } = await change("POST", `${path}/rotate`, {}, { key: crypto.randomUUID() });
      setSecret(secret ?? "");
    });
  const confirm = () =>
    open({
      kind: "confirm",
      title: t("webhooks.delete"),
      text: t("webhooks.deleteText", { uri: hook.uri }),
      action: t("webhooks.delete"),
      run: () => change("DELETE", path).then(load),
    });
  return html`<section class="card" aria-label=${hook.uri}>
    <h2><bdi dir="ltr">${hook.uri}</bdi></h2>
    <p class="hint">${hook.enabled ? t("webhooks.enabled") : t("webhooks.disabled", { reason: hook.disabled_reason })}
      ${hook.events.length > 0 && html` · <bdi dir="ltr">${hook.events.join(", ")}</bdi>`}</p>
    <p class="modal-buttons">
      <button type="button" class="button" onClick=${show}>${t("webhooks.deliveries")}</button>
      <button type="button" class="button" disabled=${isBusy} onClick=${test}>${t("webhooks.test")}</button>
      <button type="button" class="button" disabled=${isBusy} onClick=${rotate}>${t("webhooks.rotate")}</button>
      <button type="button" class="button" disabled=${isBusy} onClick=${turn}>${t(hook.enabled ? "webhooks.disable" : "webhooks.enable")}</button>
      <button type="button" class="button" onClick=${confirm}>${t("webhooks.delete")}</button>
    </p>
    <p class="error" role="alert">${error}</p>
    ${rows && (rows.length ? html`<${Deliveries} rows=${rows} />` : html`<p class="muted">${t("webhooks.noDeliveries")}</p>`)}
    ${rows?.some(({ status }) => status === "dead") && html`<p><button type="button" class="button" disabled=${isBusy} onClick=${replay}>${t("webhooks.replay")}</button></p>`}
  </section>`;
}

/** @param {{rows: Delivery[]}} props */
function Deliveries({ rows }) {
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label=${t("webhooks.deliveries")}><table>
    <thead><tr><th scope="col">${t("webhooks.time")}</th><th scope="col">${t("webhooks.type")}</th><th scope="col">${t("webhooks.status")}</th><th scope="col">${t("webhooks.answer")}</th></tr></thead>
    <tbody>${rows.map((row) => {
      const last = row.attempts.at(-1);
      return html`<tr key=${row.id}><td>${shortTime(parseTime(row.tm_create))}</td><td><bdi>${row.type}</bdi></td><td><bdi>${row.status}</bdi></td>
        <td>${last ? `${last.http_status || ""} ${last.error}`.trim() : ""}</td></tr>`;
    })}</tbody>
  </table></div>`;
}
