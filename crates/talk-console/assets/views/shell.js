// The frame of the console: the list of chats, and the view beside it.

import { chats } from "../chats.js";
import { route } from "../route.js";
import { onShortcut } from "../shortcuts.js";
import { t } from "../text.js";
import { html, useEffect, useRef } from "../ui.js";
import { Announcer } from "./announcer.js";
import { ChatView } from "./chat.js";
import { Banner } from "./banner.js";
import { Dialogs } from "./dialogs.js";
import { Later } from "./later.js";
import { Sidebar } from "./sidebar.js";

/** @typedef {import("../live.js").Live} Live */

/** Views that are loaded when they are opened first. */
const PAGES = {
  channels: () => import("../later/channels.js"),
  search: () => import("../later/search.js"),
  people: () => import("../later/people.js"),
  webhooks: () => import("../later/webhooks.js"),
  account: () => import("../later/account.js"),
  inbox: () => import("../later/inbox.js"),
  accounts: () => import("../later/accounts.js"),
};

/** @param {{live: Live}} props */
export function Shell({ live }) {
  useEffect(onShortcut, []);
  const { view, chat } = route.value;
  return html`<div class="shell" data-view=${view}>
    <a class="skip" href="#main">${t("shell.skip")}</a>
    <${Sidebar} live=${live} />
    <main class="main" id="main" tabindex="-1">
      <${Banner} live=${live} />
      <${Place} view=${view} chat=${chat} live=${live} />
    </main>
    <${Dialogs} live=${live} />
    <${Announcer} live=${live} />
  </div>`;
}

/** @param {{view: import("../route.js").Route["view"], chat: string, live: Live}} props */
function Place({ view, chat, live }) {
  if (view === "chat") return html`<${ChatView} live=${live} id=${chat} key=${chat} />`;
  if (view === "none") return html`<${Welcome} />`;
  return html`<${Later} load=${PAGES[view]} live=${live} key=${view} />`;
}

/** The view while no chat is chosen. */
function Welcome() {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  const hasChats = chats.value.size > 0;
  return html`<div class="welcome">
    <h1 ref=${heading}>${t("welcome.title")}</h1>
    <p>${t(hasChats ? "welcome.choose" : "welcome.none")}</p>
    <p><a class="button" href="#/channels">${t("channels.browse")}</a></p>
  </div>`;
}
