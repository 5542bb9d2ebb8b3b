// Times in the reader's zone and language.

import { language } from "./text.js";

/**
 * A time of the API (`2024-01-17 10:30:00.000000`, in UTC).
 * @param {string} text
 */
export function parseTime(text) {
  return new Date(`${text.replace(" ", "T").slice(0, 23)}Z`);
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {Intl.DateTimeFormatOptions} options */
function format(options) {
  const key = language.value + JSON.stringify(options);
  let known = formats.get(key);
  if (!known) formats.set(key, (known = new Intl.DateTimeFormat(language.value, options)));
  return known;
}

/** @param {Date} date */
export function clockTime(date) {
  return format({ hour: "numeric", minute: "2-digit" }).format(date);
}

/** @param {Date} date */
export function fullTime(date) {
  return format({ dateStyle: "full", timeStyle: "short" }).format(date);
}

/** @param {Date} date */
export function shortTime(date) {
  return format({ dateStyle: "medium", timeStyle: "short" }).format(date);
}

/**
 * The name of a day: today, yesterday, or its date.
 * @param {Date} date
 * @param {Date} [now]
 */
export function dayName(date, now = new Date()) {
  const days = daysBetween(date, now);
  if (days < 2) {
    const text = new Intl.RelativeTimeFormat(language.value, { numeric: "auto" }).format(-days, "day");
    return text.charAt(0).toLocaleUpperCase(language.value) + text.slice(1);
  }
  const isThisYear = date.getFullYear() === now.getFullYear();
  const options = /** @type {const} */ ({ weekday: "long", day: "numeric", month: "long" });
  return format(isThisYear ? options : { ...options, year: "numeric" }).format(date);
}

/**
 * Days from one date to the next by the calendar.
 * @param {Date} from
 * @param {Date} to
 */
export function daysBetween(from, to) {
  const day = (/** @type {Date} */ date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((day(to) - day(from)) / 86_400_000);
}
