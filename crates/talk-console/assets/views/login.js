// The login, with one click for the agents of a demo.

import { Refusal } from "../api.js";
import { hasExpired, logIn } from "../session.js";
import { t } from "../text.js";
import { html, useEffect, useRef, useState } from "../ui.js";
import { Avatar } from "./avatar.js";
import { setPlace } from "../badge.js";

/** @typedef {{username: string, name: string, password: string}} DemoAgent */

/** @type {DemoAgent[]} */
const demo = JSON.parse(
  document.querySelector("meta[name=talk-demo]")?.getAttribute("content") ?? "[]",
);

/** @param {unknown} error */
function messageFor(error) {
  if (!(error instanceof Refusal)) return t("error.unreachable");
  if (error.reason === "INVALID_CREDENTIALS") return t("login.wrong");
  if (error.status === 429) return t("login.slow");
  return error.message;
}

/** The page before a session. */
export function Login() {
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  const first = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => {
    setPlace("");
    if (!demo.length) first.current?.focus();
  }, []);

  /**
   * @param {string} username
   * @param {string} password
   * @param {boolean} isKept
   */
  const enter = async (username, password, isKept) => {
    setBusy(true);
    setError("");
    try {
      await logIn(username, password, isKept);
    } catch (failure) {
      setError(messageFor(failure));
      setBusy(false);
    }
  };
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    const text = (/** @type {string} */ name) => String(form.get(name) ?? "");
    enter(text("username"), text("password"), form.has("kept"));
  };

  return html`<main class="login">
    <div class="login-card">
      <h1 class="login-title"><span class="boot-mark" aria-hidden="true"></span>Talk</h1>
      ${hasExpired.value && html`<p class="notice">${t("login.expired")}</p>`}
      <p class="error" role="alert">${error}</p>
      ${demo.length > 0 &&
      html`<section class="demo" aria-labelledby="demo-title">
        <h2 id="demo-title">${t("login.demo")}</h2>
        <p class="hint">${t("login.demoHint")}</p>
        <div class="demo-agents">
          ${demo.map(
            ({ username, name, password }) => html`<button
              type="button"
              class="demo-agent"
              disabled=${isBusy}
              onClick=${() => enter(username, password, false)}
            >
              <${Avatar} id=${username} name=${name || username} /> ${name || username}
            </button>`,
          )}
        </div>
      </section>`}
      <form onSubmit=${submit} class="form">
        <label>${t("login.username")}
          <input ref=${first} name="username" autocomplete="username" autocapitalize="none" spellcheck=${false} required maxlength="255" />
        </label>
        <label>${t("login.password")}
          <input name="password" type="password" autocomplete="current-password" required maxlength="128" />
        </label>
        <label class="check"><input type="checkbox" name="kept" /> ${t("login.kept")}</label>
        <button class="primary" disabled=${isBusy}>${t("login.enter")}</button>
      </form>
    </div>
  </main>`;
}
