// The parts of a message's text: links, mentions and code. Everything else stays as it was written.

/**
 * @typedef {object} Part
 * @property {"text" | "link" | "mention" | "code" | "block"} kind
 * @property {string} text
 */

/** A fenced block of code, code between backticks, an address, or the name of an agent. */
const MARKS =
  /```(?:[\w+-]*\n)?([\s\S]+?)```|`([^`\n]+)`|(https?:\/\/[^\s<>"'`]+)|(?<![\p{L}\p{N}_])[@＠]([\p{L}\p{N}][\p{L}\p{N}._-]*)/giu;

/** Punctuation that ends a sentence rather than an address. */
const ENDING = /[.,;:!?…]+$/u;

/**
 * Splits a text.
 * @param {string} text
 * @param {(username: string) => boolean} isName whether an agent has the login name
 * @returns {Part[]}
 */
export function parts(text, isName) {
  /** @type {Part[]} */
  const found = [];
  let from = 0;
  const add = (/** @type {Part["kind"]} */ kind, /** @type {string} */ part) => {
    if (part) found.push({ kind, text: part });
  };
  for (const match of text.matchAll(MARKS)) {
    const [whole, block, code, address, name] = match;
    let end = match.index + whole.length;
    /** @type {Part["kind"]} */
    let kind = "block";
    let shown = block ?? "";
    if (code) [kind, shown] = ["code", code];
    else if (address) {
      [kind, shown] = ["link", trimmed(address)];
      end = match.index + shown.length;
      if (!isAddress(shown)) continue;
    } else if (name) {
      const known = longestName(name, isName);
      if (!known) continue;
      [kind, shown] = ["mention", text.charAt(match.index) + known];
      end = match.index + shown.length;
    }
    add("text", text.slice(from, match.index));
    add(kind, shown);
    from = end;
  }
  add("text", text.slice(from));
  return found;
}

/**
 * An address without the punctuation behind it, and without a bracket that it does not open.
 * @param {string} address
 */
function trimmed(address) {
  let end = address.replace(ENDING, "");
  for (const [open, close] of ["()", "[]", "{}"]) {
    const count = (/** @type {string} */ sign) => end.split(sign).length - 1;
    while (open && close && end.endsWith(close) && count(close) > count(open)) {
      end = end.slice(0, -1).replace(ENDING, "");
    }
  }
  return end;
}

/** @param {string} text */
export function isAddress(text) {
  try {
    return ["http:", "https:"].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}

/**
 * The longest beginning of `name` that is a login name: `@bob.` mentions bob.
 * @param {string} name
 * @param {(username: string) => boolean} isName
 */
function longestName(name, isName) {
  for (let end = name.length; end > 0; end -= 1) {
    const isWhole = end === name.length || /[._-]/.test(name.charAt(end));
    const known = name.slice(0, end);
    if (isWhole && isName(known.normalize("NFKC").toLowerCase())) return known;
  }
  return "";
}
