// The accounts through which people outside are reached, for admins.

import { all, change } from "../api.js";
import { setPlace } from "../badge.js";
import { open } from "../dialog-state.js";
import { t } from "../text.js";
import { html, useEffect, useState } from "../ui.js";
import { useChange } from "../views/dialogs.js";
import { methodName } from "./inbox/list.js";
import { PageHead } from "./page.js";

/** @typedef {import("../../types.d.ts").ConversationAccount} Account */

const PATH = "/v1.0/conversation_accounts";

/** The view. */
export default function Accounts() {
  const [accounts, setAccounts] = useState(/** @type {Account[] | null} */ (null));
  const [isAdding, setAdding] = useState(false);
  const { error, run } = useChange();
  const load = () => run(async () => setAccounts(await all(PATH)));
  useEffect(() => {
    setPlace(t("accounts.title"));
    load();
  }, []);
  const done = async () => {
    setAdding(false);
    await load();
  };
  return html`<div class="page"><div class="page-inside">
    <${PageHead} title=${t("accounts.title")}>
      <button type="button" class="primary" aria-expanded=${isAdding} onClick=${() => setAdding(!isAdding)}>${t("accounts.add")}</button>
    <//>
    <p class="error" role="alert">${error}</p>
    ${isAdding && html`<${Form} done=${done} />`}
    ${accounts?.length === 0 && html`<p class="muted">${t("accounts.none")}</p>`}
    <ul class="form">${accounts?.map((account) => html`<li key=${account.id}><${Row} account=${account} load=${load} /></li>`)}</ul>
  </div></div>`;
}

/** @param {{account: Account, load: () => Promise<unknown>}} props */
function Row({ account, load }) {
  const [isEditing, setEditing] = useState(false);
  const name = account.name || methodName(typeOf(account));
  const confirm = () =>
    open({
      kind: "confirm",
      title: t("accounts.delete"),
      text: t("accounts.deleteText", { name }),
      action: t("accounts.delete"),
      run: () => change("DELETE", `${PATH}/${account.id}`).then(load),
    });
  const done = async () => {
    setEditing(false);
    await load();
  };
  const script = `<script src="${location.origin}/webchat.js" data-widget="${account.id}"></script>`;
  const isWebchat = account.type === "webchat";
  return html`<section class="card" aria-label=${name}>
    <h2 dir="auto">${name} <span class="tag">${methodName(typeOf(account))}</span></h2>
    ${account.detail && html`<p dir="auto">${account.detail}</p>`}
    ${account.problem && html`<p class="error">${t("accounts.problem")} <span dir="auto">${account.problem.code}: ${account.problem.reason}</span></p>`}
    ${isWebchat && html`<p class="hint">${t("accounts.embed")}</p><p class="secret" dir="ltr">${script}</p>`}
    <p class="modal-buttons">
      ${isWebchat && html`<a class="button" href=${`/webchat/${account.id}`} target="_blank" rel="noopener">${t("accounts.visit")}</a>`}
      ${isWebchat && html`<button type="button" class="button" aria-expanded=${isEditing} onClick=${() => setEditing(!isEditing)}>${t("people.edit")}</button>`}
      <button type="button" class="button" onClick=${confirm}>${t("accounts.delete")}</button>
    </p>
    ${isEditing && html`<${Form} account=${account} done=${done} />`}
  </section>`;
}

/** @param {Account} account */
function typeOf(account) {
  return account.type === "sms" ? "message" : account.type;
}

/** A web chat. @param {{account?: Account, done: () => Promise<void>}} props */
function Form({ account, done }) {
  const { error, isBusy, run } = useChange();
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    const origins = String(form.get("origins")).split(/\s+/u).filter(Boolean);
    const body = { name: form.get("name"), detail: form.get("detail"), provider_data: { origins } };
    const save = account
      ? () => change("PUT", `${PATH}/${account.id}`, body)
      : () => change("POST", PATH, { ...body, type: "webchat" }, { key: crypto.randomUUID() });
    if (await run(save)) await done();
  };
  return html`<form class="card form" onSubmit=${submit}>
    ${!account && html`<h2>${methodName("webchat")}</h2>`}
    <label>${t("create.name")} <input name="name" dir="auto" required maxlength="255" defaultValue=${account?.name ?? ""} /></label>
    <label>${t("create.detail")} <textarea name="detail" dir="auto" rows="2" maxlength="4096" defaultValue=${account?.detail ?? ""}></textarea></label>
    <label>${t("accounts.origins")} <textarea name="origins" dir="ltr" rows="2" placeholder="https://shop.example.com" defaultValue=${account?.provider_data.origins?.join("\n") ?? ""}></textarea></label>
    <p class="error" role="alert">${error}</p>
    <p class="modal-buttons"><button class="primary" disabled=${isBusy}>${t(account ? "save" : "accounts.add")}</button></p>
  </form>`;
}
