// The whole page: the login, or the console of an agent.

import { live } from "../live.js";
import { session } from "../session.js";
import { unread } from "../chats.js";
import { html, useEffect } from "../ui.js";
import { showBadge } from "../badge.js";
import { Login } from "./login.js";
import { Shell } from "./shell.js";

/** The page. */
export function App() {
  const now = live.value;
  const { messages, mentions } = unread.value;
  useEffect(() => showBadge(now ? messages : 0, now ? mentions : 0), [now, messages, mentions]);
  if (!session.value || !now) return html`<${Login} />`;
  return html`<${Shell} live=${now} key=${now.agent} />`;
}
