// The texts of the console in the reader's language.

import en from "./texts/en.js";
import { remember, remembered } from "./storage.js";
import { signal } from "./ui.js";

/** @typedef {typeof en} Texts */
/** @typedef {keyof Texts} TextName */

const KEY = "talk-language";

/** Languages, with their own names and the direction of their writing. */
export const LANGUAGES = { en: ["English", "ltr"], ar: ["العربية", "rtl"] };

/** @typedef {keyof typeof LANGUAGES} Language */

/** The current language and its texts. */
export const language = signal(/** @type {Language} */ ("en"));
const texts = signal(/** @type {Texts} */ (en));

/**
 * A text, with values for its `{names}`. A text with forms takes the one for `count`.
 * @param {TextName} name
 * @param {Record<string, string | number>} [values]
 */
export function t(name, values = {}) {
  /** @type {string | Record<string, string>} */
  const found = texts.value[name] ?? en[name];
  let text;
  if (typeof found === "string") text = found;
  else {
    const form = new Intl.PluralRules(language.value).select(Number(values.count));
    text = found[form] ?? found.other ?? "";
  }
  return text.replace(/\{(\w+)\}/g, (_, key) => {
    const value = values[key] ?? "";
    return typeof value === "number" ? value.toLocaleString(language.value) : value;
  });
}

/** @param {string} wanted */
export async function setLanguage(wanted) {
  const next = /** @type {Language} */ (wanted in LANGUAGES ? wanted : "en");
  texts.value = next === "en" ? en : (await import(`./texts/${next}.js`)).default;
  language.value = next;
  const root = document.documentElement;
  root.lang = next;
  root.dir = LANGUAGES[next][1] ?? "ltr";
  remember(KEY, next);
}

/** Sets the language that was chosen before, or the browser's. */
export async function setFirstLanguage() {
  const chosen = remembered(KEY) ?? navigator.language.split("-")[0] ?? "en";
  if (chosen !== "en") await setLanguage(chosen);
}
