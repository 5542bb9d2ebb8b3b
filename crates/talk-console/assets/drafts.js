// Texts that were begun, for as long as the session lasts.

/** By chat, by chat and parent, or by conversation. @type {Map<string, string>} */
const drafts = new Map();

/** @param {string} place */
export function draftOf(place) {
  return drafts.get(place) ?? "";
}

/**
 * @param {string} place
 * @param {string} text
 */
export function keepDraft(place, text) {
  if (text) drafts.set(place, text);
  else drafts.delete(place);
}

export function forgetDrafts() {
  drafts.clear();
}
