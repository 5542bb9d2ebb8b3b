// A folder of the list of conversations.

import { get } from "../../api.js";
import { t } from "../../text.js";
import { useCallback, useEffect, useRef, useState } from "../../ui.js";
import { useFollowing } from "./following.js";

/** @typedef {import("../../../types.d.ts").Conversation} Conversation */

/** The folders, with the conversations in them. */
export const FOLDERS = /** @type {const} */ ([
  { name: "mine", title: "inbox.mine", isForAdmins: false, query: { state: "active" } },
  { name: "waiting", title: "inbox.waiting", isForAdmins: false, query: { owner_id: "none", state: "active" } },
  { name: "all", title: "inbox.all", isForAdmins: true, query: { state: "active" } },
  { name: "closed", title: "inbox.closed", isForAdmins: false, query: { state: "closed" } },
]);

/** @typedef {typeof FOLDERS[number]["name"]} FolderName */

/** Rows of a page, and the most that are read again when something changes. */
const PAGE = 50;

/**
 * The rows of a folder, kept up to date.
 * @param {import("../../live.js").Live} live
 * @param {FolderName} name
 */
export function useFolder(live, name) {
  const [rows, setRows] = useState(/** @type {Conversation[] | null} */ (null));
  const [next, setNext] = useState("");
  const [error, setError] = useState("");
  const newest = useRef(0);
  const refresh = useCallback(async () => {
    newest.current += 1;
    const turn = newest.current;
    try {
      const page = await pageOf(live.agent, name, "");
      // A later answer may have come first.
      if (turn !== newest.current) return;
      setRows(page.result);
      setNext(page.next_page_token);
      setError("");
    } catch {
      if (turn === newest.current) setError(t("error.load"));
    }
  }, [live, name]);
  useEffect(() => {
    setRows(null);
    refresh();
  }, [refresh]);
  useFollowing(live, refresh);
  const more = async () => {
    const turn = newest.current;
    try {
      const page = await pageOf(live.agent, name, next);
      if (turn !== newest.current) return;
      setRows((shown) => [...(shown ?? []), ...page.result]);
      setNext(page.next_page_token);
    } catch {
      setError(t("error.load"));
    }
  };
  return { rows, error, refresh, more: next ? more : null };
}

/**
 * @param {string} agent
 * @param {FolderName} name
 * @param {string} token
 * @returns {Promise<import("../../../types.d.ts").Page<Conversation>>}
 */
function pageOf(agent, name, token) {
  const { query } = FOLDERS.find((one) => one.name === name) ?? FOLDERS[0];
  const owner = name === "mine" ? { owner_id: agent } : {};
  return get("/v1.0/conversations", { ...query, ...owner, page_size: PAGE, page_token: token });
}
