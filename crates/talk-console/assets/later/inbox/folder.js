// A folder of the list of conversations.

import { all } from "../../api.js";
import { isAdmin } from "../../session.js";
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

/** Rows that are shown at first, and that are added on demand. */
const PAGE = 100;

/**
 * The rows of a folder, kept up to date.
 * @param {import("../../live.js").Live} live
 * @param {FolderName} name
 * @param {string} text only conversations in which it is
 */
export function useFolder(live, name, text) {
  const [rows, setRows] = useState(/** @type {Conversation[] | null} */ (null));
  const [limit, setLimit] = useState(PAGE);
  const [error, setError] = useState("");
  const newest = useRef(0);
  const refresh = useCallback(async () => {
    newest.current += 1;
    const turn = newest.current;
    try {
      const { query } = FOLDERS.find((one) => one.name === name) ?? FOLDERS[0];
      // Agents get those that they own or take part in, unless they ask for those without an owner.
      const owner = name === "mine" && isAdmin() ? { owner_id: live.agent } : {};
      /** @type {Conversation[]} */
      const found = await all("/v1.0/conversations", { ...query, ...owner, ...(text && { q: text }) }, limit);
      // A later answer may have come first.
      if (turn !== newest.current) return;
      setRows(found);
      setError("");
    } catch {
      if (turn === newest.current) setError(t("error.load"));
    }
  }, [live, name, text, limit]);
  useEffect(() => {
    setRows(null);
    setLimit(PAGE);
  }, [name, text]);
  useEffect(() => void refresh(), [refresh]);
  useFollowing(live, refresh);
  const more = () => setLimit(limit + PAGE);
  return { rows, error, refresh, more: rows && rows.length >= limit ? more : null };
}
