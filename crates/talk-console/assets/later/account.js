// The reader's own settings: looks, language, notifications, password and access keys.

import { all, change } from "../api.js";
import { setPlace } from "../badge.js";
import { areNotificationsOn, setNotifications } from "../notify.js";
import { endSession } from "../session.js";
import { LANGUAGES, language, setLanguage, t } from "../text.js";
import { setTheme, theme } from "../theme.js";
import { parseTime, shortTime } from "../time.js";
import { html, useEffect, useState } from "../ui.js";
import { useChange } from "../views/dialogs.js";
import { PageHead } from "./page.js";

/** @typedef {import("../../types.d.ts").AccessKey} AccessKey */

const THEMES = /** @type {const} */ ([
  ["system", "account.system"],
  ["light", "account.light"],
  ["dark", "account.dark"],
]);

/** The view. */
export default function Account() {
  useEffect(() => setPlace(t("account.title")), [language.value]);
  return html`<div class="page"><div class="page-inside">
    <${PageHead} title=${t("account.title")} />
    <${Looks} />
    <${Password} />
    <${Keys} />
  </div></div>`;
}

function Looks() {
  const value = (/** @type {any} */ event) => event.currentTarget.value;
  return html`<section class="card" aria-labelledby="looks">
    <h2 id="looks">${t("account.looks")}</h2>
    <div class="filters">
      <label class="field">${t("account.theme")} <select value=${theme.value} onChange=${(/** @type {Event} */ event) => setTheme(value(event))}>
        ${THEMES.map(([name, text]) => html`<option key=${name} value=${name}>${t(text)}</option>`)}
      </select></label>
      <label class="field">${t("account.language")} <select value=${language.value} onChange=${(/** @type {Event} */ event) => setLanguage(value(event))}>
        ${Object.entries(LANGUAGES).map(([name, [own]]) => html`<option key=${name} value=${name} lang=${name}>${own}</option>`)}
      </select></label>
    </div>
    <label class="check"><input type="checkbox" checked=${areNotificationsOn.value} onChange=${(/** @type {any} */ event) => setNotifications(event.currentTarget.checked)} /> ${t("account.notifications")}</label>
  </section>`;
}

function Password() {
  const { error, isBusy, run } = useChange();
  const [isDone, setDone] = useState(false);
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    const body = {
      old_password: form.get("old"),
      new_password: form.get("new"),
      revoke_accesskeys: form.has("keys"),
    };
    if (!(await run(() => change("PUT", "/me/password", body)))) return;
    setDone(true);
    setTimeout(() => endSession(false), 1500); // The change has ended this session's token too.
  };
  return html`<section class="card" aria-labelledby="password">
    <h2 id="password">${t("account.password")}</h2>
    <form class="form" onSubmit=${submit}>
      <label>${t("account.oldPassword")} <input name="old" type="password" autocomplete="current-password" required maxlength="128" /></label>
      <label>${t("account.newPassword")} <input name="new" type="password" autocomplete="new-password" required minlength="8" maxlength="128" /></label>
      <label class="check"><input type="checkbox" name="keys" /> ${t("account.revokeKeys")}</label>
      <p class="error" role="alert">${error}</p>
      <p role="status">${isDone && t("account.changed")}</p>
      <p><button class="button" disabled=${isBusy}>${t("account.password")}</button></p>
    </form>
  </section>`;
}

function Keys() {
  const [keys, setKeys] = useState(/** @type {AccessKey[]} */ ([]));
  const [made, setMade] = useState("");
  const { error, isBusy, run } = useChange();
  const load = () => run(async () => setKeys(await all("/v1.0/accesskeys")));
  useEffect(() => void load(), []);
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    await run(async () => {
      /** @type {AccessKey} */
      const key = await change("POST", "/v1.0/accesskeys", { name: new FormData(form).get("name") }, { key: crypto.randomUUID() });
      setMade(key.token ?? "");
      form.reset();
      await load();
    });
  };
  const end = (/** @type {string} */ id) => run(() => change("DELETE", `/v1.0/accesskeys/${id}`).then(load));
  return html`<section class="card" aria-labelledby="keys">
    <h2 id="keys">${t("account.keys")}</h2>
    <p class="hint">${t("account.keysHint")}</p>
    ${made && html`<div role="status"><p>${t("account.keyOnce")}</p><p class="secret" dir="ltr">${made}</p></div>`}
    <ul class="card-list">
      ${keys.map(
        (key) => html`<li class="card-row" key=${key.id}>
          <div class="grow"><strong dir="auto">${key.name || key.token_prefix}</strong>
            <p class="hint"><bdi dir="ltr">${key.token_prefix}…</bdi> · ${key.tm_expire ? t("account.keyUntil", { time: shortTime(parseTime(key.tm_expire)) }) : t("account.keyForever")}</p></div>
          <button type="button" class="button" disabled=${isBusy} aria-label=${`${t("account.keyEnd")}: ${key.name || key.token_prefix}`} onClick=${() => end(key.id)}>${t("account.keyEnd")}</button>
        </li>`,
      )}
    </ul>
    <form class="form" onSubmit=${submit}>
      <label>${t("account.keyName")} <input name="name" dir="auto" required maxlength="255" /></label>
      <p><button class="button" disabled=${isBusy}>${t("account.keyCreate")}</button></p>
    </form>
    <p class="error" role="alert">${error}</p>
  </section>`;
}
