// Keeps a view of conversations up to date.

import { useEffect } from "../../ui.js";

/** Milliseconds between two looks, however many events arrive. */
const PAUSE_MS = 250;

/** Milliseconds after which the server is asked without an event: conversations that wait for an owner
 * are nobody's, and their events reach admins and managers only. */
const EVERY_MS = 10_000;

/**
 * Calls `refresh` after events of conversations, after the connection was made anew, and now and then
 * while the page is visible.
 * @param {import("../../live.js").Live} live
 * @param {() => unknown} refresh
 * @param {string} [conversation] only after events of this one
 */
export function useFollowing(live, refresh, conversation = "") {
  useEffect(() => {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let pause;
    let isDue = false;
    const look = () => {
      if (pause) {
        isDue = true;
        return;
      }
      refresh();
      pause = setTimeout(() => {
        pause = undefined;
        if (isDue) look();
        isDue = false;
      }, PAUSE_MS);
    };
    const changed = (/** @type {string} */ id) => (!conversation || !id || id === conversation) && look();
    const lookIfVisible = () => document.visibilityState === "visible" && look();
    const timer = setInterval(lookIfVisible, EVERY_MS);
    live.outside.add(changed);
    document.addEventListener("visibilitychange", lookIfVisible);
    return () => {
      clearInterval(timer);
      clearTimeout(pause);
      live.outside.delete(changed);
      document.removeEventListener("visibilitychange", lookIfVisible);
    };
  }, [live, refresh, conversation]);
}
