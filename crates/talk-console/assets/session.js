// The session: the token and the agent it belongs to.
//
// The token is kept in `sessionStorage`: it survives a reload, ends with its tab, and two tabs can be
// two agents. "Stay logged in" keeps it in `localStorage` instead, for all tabs and until it expires.
// A cookie would be sent by the browser on its own, so that other sites could use it; the API accepts
// none. A script that ran in this page could read either storage, which is why the content security
// policy allows no script but the console's own files and no string that becomes code or markup.

import { signal } from "./ui.js";

/** @typedef {import("../types.d.ts").Agent} Agent */
/** @typedef {{token: string, agent: Agent}} Session */

const KEY = "talk-session";

/** @type {import("./vendor/signals.js").Signal<Session | null>} */
export const session = signal(stored());

/** Whether the agent is an admin. */
export const isAdmin = () => (session.value?.agent.permission ?? 0) >= 32;

/** Whether the last session ended by itself, so that the login page says so. */
export const hasExpired = signal(false);

/** @returns {Session | null} */
function stored() {
  for (const storage of storages()) {
    try {
      const found = JSON.parse(storage.getItem(KEY) ?? "null");
      if (found?.token && found.agent?.id) return found;
    } catch {
      // A value of another program: as if there were none.
    }
  }
  return null;
}

/** Both storages, unless the browser refuses them. */
function storages() {
  try {
    return [sessionStorage, localStorage];
  } catch {
    return [];
  }
}

/**
 * Begins a session and keeps it.
 * @param {string} username
 * @param {string} password
 * @param {boolean} isKept whether it outlasts the tab
 */
export async function logIn(username, password, isKept) {
  const { change, get } = await import("./api.js");
  session.value = null;
  /** @type {{token: string}} */
  const { token } = await change("POST", "/auth/login", { username, password });
  const agent = await ownAgent(token, get);
  hasExpired.value = false;
  const [own, shared] = storages();
  (isKept ? shared : own)?.setItem(KEY, JSON.stringify({ token, agent }));
  session.value = { token, agent };
}

/**
 * @param {string} token
 * @param {typeof import("./api.js").get} get
 * @returns {Promise<Agent>}
 */
async function ownAgent(token, get) {
  return get(`/v1.0/service_agents/me`, { token });
}

/** Ends the session at the server and here. */
export async function logOut() {
  const { change } = await import("./api.js");
  try {
    await change("POST", "/auth/logout", {});
  } catch {
    // Without the server the token is only forgotten.
  }
  endSession(false);
}

/**
 * Forgets the session.
 * @param {boolean} isExpired
 */
export function endSession(isExpired) {
  for (const storage of storages()) storage.removeItem(KEY);
  hasExpired.value = isExpired;
  session.value = null;
}
