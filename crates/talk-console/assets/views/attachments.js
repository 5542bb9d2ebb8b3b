// Files that are attached to the message being written.

import { Refusal } from "../api.js";
import { areFilesOn, upload } from "../files.js";
import { t } from "../text.js";
import { html, useEffect, useRef, useState } from "../ui.js";
import { Icon, IconButton } from "./icons.js";

/** The most files in a message. */
const MOST = 20;

/**
 * @typedef {object} Attachment
 * @property {string} key
 * @property {string} name
 * @property {number} size
 * @property {number} sent the part that has been sent, from 0 to 1
 * @property {string} id the file, once it is stored
 * @property {string} error
 * @property {AbortController} abort
 */

/**
 * The attachments of a composer, and what changes them.
 */
export function useAttachments() {
  const [items, setItems] = useState(/** @type {Attachment[]} */ ([]));
  const current = useRef(items);
  current.current = items;
  useEffect(() => () => current.current.forEach(({ abort }) => abort.abort()), []);
  /** @param {string} key @param {Partial<Attachment>} change */
  const update = (key, change) =>
    setItems((before) => before.map((one) => (one.key === key ? { ...one, ...change } : one)));
  /** @param {Iterable<File>} files */
  const add = (files) => {
    const added = [...files].slice(0, MOST - items.length).map((file) => {
      const key = crypto.randomUUID();
      const abort = new AbortController();
      upload(file, key, (sent) => update(key, { sent }), abort.signal).then(
        ({ id }) => update(key, { id, sent: 1 }),
        (error) => update(key, { error: error instanceof Refusal ? error.message : t("error.unreachable") }),
      );
      return { key, name: file.name, size: file.size, sent: 0, id: "", error: "", abort };
    });
    setItems((before) => [...before, ...added]);
  };
  const remove = (/** @type {string} */ key) => {
    items.find((one) => one.key === key)?.abort.abort();
    setItems((before) => before.filter((one) => one.key !== key));
  };
  const clear = () => setItems([]);
  const isReady = items.every(({ id }) => id);
  const medias = items.map(({ id }) => ({ type: /** @type {const} */ ("file"), file_id: id }));
  return { items, medias, add, remove, clear, isReady };
}

/**
 * A number of bytes for people.
 * @param {number} size
 */
export function sizeOf(size) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  let at = 0;
  let value = size;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  const options = { style: /** @type {const} */ ("unit"), unit: units[at], unitDisplay: /** @type {const} */ ("short"), maximumFractionDigits: at ? 1 : 0 };
  return new Intl.NumberFormat(document.documentElement.lang, options).format(value);
}

/** The button that chooses files. @param {{add: (files: Iterable<File>) => void}} props */
export function AttachButton({ add }) {
  const chooser = useRef(/** @type {HTMLInputElement | null} */ (null));
  if (!areFilesOn.value) return null;
  return html`<${IconButton} icon="attach" label=${t("files.attach")} onClick=${() => chooser.current?.click()} />
    <input type="file" multiple hidden ref=${chooser} aria-label=${t("files.attach")}
      onChange=${(/** @type {any} */ event) => (add(event.currentTarget.files), (event.currentTarget.value = ""))} />`;
}

/**
 * Attaches files that are dropped or pasted.
 * @param {Event} event
 * @param {FileList | undefined} files
 * @param {(files: Iterable<File>) => void} add
 */
export function take(event, files, add) {
  if (!areFilesOn.value || !files?.length) return;
  event.preventDefault();
  add(files);
}

/** @param {{items: Attachment[], remove: (key: string) => void}} props */
export function Attachments({ items, remove }) {
  if (!items.length) return null;
  return html`<ul class="attachments" aria-label=${t("files.attached")}>
    ${items.map(
      ({ key, name, size, sent, id, error }) => html`<li key=${key} class="media">
        <${Icon} name=${error ? "warning" : "attach"} />
        <span class="grow" dir="auto">${name}</span>
        <span class="muted">${sizeOf(size)}</span>
        ${error ? html`<span class="error" role="alert">${error}</span>` : !id && html`<progress max="1" value=${sent} aria-label=${name}></progress>`}
        <${IconButton} icon="close" label=${`${t("files.remove")}: ${name}`} onClick=${() => remove(key)} />
      </li>`,
    )}
  </ul>`;
}
