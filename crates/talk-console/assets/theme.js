// Light or dark: the system's choice, or the reader's.

import { remember, remembered } from "./storage.js";
import { signal } from "./ui.js";

const KEY = "talk-theme";

/** @typedef {"system" | "light" | "dark"} Theme */

export const theme = signal(/** @type {Theme} */ ("system"));

/** @param {string} wanted */
export function setTheme(wanted) {
  const next = wanted === "light" || wanted === "dark" ? wanted : "system";
  theme.value = next;
  document.documentElement.dataset.theme = next;
  remember(KEY, next);
}

/** Sets the theme that was chosen before. */
export function setFirstTheme() {
  setTheme(remembered(KEY) ?? "system");
}
