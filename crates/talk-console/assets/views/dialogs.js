// The dialog that is open. The browser keeps the focus in it and closes it on Escape.

import { Refusal } from "../api.js";
import { close, dialog } from "../dialog-state.js";
import { t } from "../text.js";
import { html, useEffect, useRef, useState } from "../ui.js";
import { IconButton } from "./icons.js";
import { Later } from "./later.js";
import { picking } from "./message-state.js";

/** @typedef {import("../live.js").Live} Live */

const CONTENTS = {
  jump: () => import("../later/jump.js"),
  shortcuts: () => import("../later/shortcuts.js"),
  create: () => import("../later/create.js"),
  members: () => import("../later/members.js"),
  settings: () => import("../later/settings.js"),
  history: () => import("../later/revisions.js"),
  readers: () => import("../later/readers.js"),
};

const PICKER = () => import("../later/picker.js");

/** @param {{live: Live}} props */
export function Dialogs({ live }) {
  const now = dialog.value;
  return html`
    ${now && (now.kind === "confirm" ? html`<${Confirm} ...${now} />` : html`<${Later} key=${now.kind} load=${CONTENTS[now.kind]} live=${live} dialog=${now} />`)}
    ${picking.value && html`<${Later} load=${PICKER} live=${live} picking=${picking.value} />`}
  `;
}

/**
 * A modal dialog with a title.
 * @param {{title: string, children?: unknown, isWide?: boolean}} props
 */
export function Modal({ title, children, isWide = false }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      // Unless the place that the dialog has led to has taken the focus.
      const { activeElement } = document;
      const isFree = activeElement === document.body || element.current?.contains(activeElement);
      if (isFree && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const outside = (/** @type {any} */ event) => event.target === element.current && close();
  return html`<dialog ref=${element} class=${isWide ? "modal wide" : "modal"} aria-labelledby="dialog-title" onClose=${close} onClick=${outside}>
    <div class="modal-inside">
      <header class="modal-head">
        <h2 id="dialog-title">${title}</h2>
        <${IconButton} icon="close" label=${t("close")} onClick=${() => element.current?.close()} />
      </header>
      ${children}
    </div>
  </dialog>`;
}

/**
 * Runs changes of a dialog one at a time, and shows why one was refused.
 * @returns {{error: string, isBusy: boolean, run: (work: () => Promise<unknown>) => Promise<boolean>}}
 */
export function useChange() {
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  const run = async (/** @type {() => Promise<unknown>} */ work) => {
    setBusy(true);
    setError("");
    try {
      await work();
      return true;
    } catch (failure) {
      setError(failure instanceof Refusal ? failure.message : t("error.unreachable"));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { error, isBusy, run };
}

/** @param {{title: string, text: string, action: string, run: () => Promise<unknown>}} props */
function Confirm({ title, text, action, run }) {
  const { error, isBusy, run: attempt } = useChange();
  const act = async () => (await attempt(run)) && close();
  return html`<${Modal} title=${title}>
    <p>${text}</p>
    <p class="error" role="alert">${error}</p>
    <p class="modal-buttons">
      <button type="button" class="button" onClick=${close}>${t("cancel")}</button>
      <button type="button" class="danger" disabled=${isBusy} onClick=${act}>${action}</button>
    </p>
  <//>`;
}
