// The dialog that is open.

import { signal } from "./ui.js";

/**
 * @typedef {{kind: "jump"} | {kind: "shortcuts"} | {kind: "create", type?: string}
 *   | {kind: "members" | "settings", chat: string}
 *   | {kind: "history" | "readers", message: import("../types.d.ts").Message}
 *   | {kind: "confirm", title: string, text: string, action: string, run: () => Promise<unknown>}} Dialog
 */

/** @type {import("./vendor/signals.js").Signal<Dialog | null>} */
export const dialog = signal(null);

/** @param {Dialog} next */
export function open(next) {
  dialog.value = next;
}

/** Closes the dialog. */
export function close() {
  dialog.value = null;
}
