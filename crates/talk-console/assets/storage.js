// Choices of the reader that outlast the page.

/**
 * The value under `key`, or `null` if there is none or the browser refuses storage.
 * @param {string} key
 */
export function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // The choice ends with the page.
  }
}
