// Keeps a view of conversations up to date.

import { state } from "../../socket.js";
import { useEffect } from "../../ui.js";

/** Milliseconds between two looks at the server. */
const EVERY_MS = 4_000;

/**
 * Calls `refresh` every few seconds while the page is visible, and at once when it becomes visible or
 * the connection is back.
 * @param {import("../../live.js").Live} live
 * @param {() => unknown} refresh
 */
export function useFollowing(live, refresh) {
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === "visible" && state.peek() !== "cut") refresh();
    };
    const timer = setInterval(look, EVERY_MS);
    document.addEventListener("visibilitychange", look);
    const stop = state.subscribe((now) => now === "open" && look());
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
      stop();
    };
  }, [live, refresh]);
}
