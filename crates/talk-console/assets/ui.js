// The libraries of the views, from one place.

import { h, render } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

/** Template strings that build elements. Texts in them are never parsed as markup. */
export const html = htm.bind(h);

export { render };
export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/hooks.js";
export { batch, computed, effect, signal, useComputed, useSignal } from "./vendor/signals.js";

/**
 * Joins class names, without those that are off.
 * @param {...(string | false | null | undefined)} names
 */
export function classes(...names) {
  return names.filter(Boolean).join(" ");
}
