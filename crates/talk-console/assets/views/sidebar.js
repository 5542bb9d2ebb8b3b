// The list of chats with their unread messages.

import { areChatsLoaded, chats, otherOf } from "../chats.js";
import { open } from "../dialog-state.js";
import { nameOf, presence } from "../people.js";
import { chatPath, route } from "../route.js";
import { chatName, sorted } from "../sections.js";
import { isAdmin, logOut, session } from "../session.js";
import { t } from "../text.js";
import { classes, html, useEffect, useState } from "../ui.js";
import { Avatar, Presence } from "./avatar.js";
import { Icon, IconButton } from "./icons.js";

/** @typedef {import("../../types.d.ts").OwnChat} OwnChat */

const SECTIONS = /** @type {const} */ ([
  ["talk", "sidebar.channels", "channels.create"],
  ["group", "sidebar.groups", "groups.create"],
  ["direct", "sidebar.directs", "directs.create"],
]);

/** Number of chats of a section that are shown at first. */
const SHOWN = 200;

/** @param {{live: import("../live.js").Live}} props */
export function Sidebar({ live }) {
  const [filter, setFilter] = useState("");
  const wanted = filter.trim().toLocaleLowerCase();
  const list = sorted([...chats.value.values()]).filter(
    (chat) => !wanted || chatName(chat).toLocaleLowerCase().includes(wanted),
  );
  return html`<nav class="sidebar" aria-label=${t("sidebar.label")}>
    <${Own} live=${live} />
    <div class="sidebar-search">
      <a class="search-link" href="#/search"><${Icon} name="search" /> ${t("search.title")}</a>
      <a class="search-link" href="#/inbox" aria-current=${route.value.view === "inbox" ? "page" : undefined}><${Icon} name="inbox" /> ${t("inbox.title")}</a>
      <label class="filter"><span class="hidden">${t("sidebar.filter")}</span>
        <input type="search" placeholder=${t("sidebar.filter")} value=${filter}
          onInput=${(/** @type {any} */ event) => setFilter(event.currentTarget.value)} />
      </label>
    </div>
    <div class="sidebar-lists">
      ${!areChatsLoaded.value && html`<p class="muted sidebar-note" role="status">${t("loading")}</p>`}
      ${SECTIONS.map(
        ([type, title, create]) => html`<${Section} key=${type} type=${type} title=${t(title)} create=${t(create)}
          chats=${list.filter((chat) => chat.type === type)} />`,
      )}
    </div>
  </nav>`;
}

/** @param {{live: import("../live.js").Live}} props */
function Own({ live }) {
  const agent = session.value?.agent;
  if (!agent) return null;
  const name = agent.name || agent.username;
  return html`<header class="own">
    <${Avatar} id=${agent.id} name=${name} />
    <span class="own-name"><strong>${name}</strong> <${Presence} id=${live.agent} /></span>
    <${IconButton} icon="more" label=${t("menu.open")} popovertarget="own-menu" aria-haspopup="true" class="menu-anchor" />
    <div popover id="own-menu" class="menu">
      <${MenuLink} href="#/account" text=${t("account.title")} icon="settings" />
      <${MenuLink} href="#/people" text=${t("people.title")} icon="group" />
      ${isAdmin() && html`<${MenuLink} href="#/webhooks" text=${t("webhooks.title")} icon="webhook" />`}
      <button type="button" onClick=${() => (hideMenu(), open({ kind: "shortcuts" }))}><${Icon} name="info" /> ${t("shortcuts.title")}</button>
      <button type="button" onClick=${() => logOut()}><${Icon} name="leave" /> ${t("menu.leave")}</button>
    </div>
  </header>`;
}

function hideMenu() {
  document.getElementById("own-menu")?.hidePopover();
}

/** @param {{href: string, text: string, icon: import("./icons.js").IconName}} props */
function MenuLink({ href, text, icon }) {
  return html`<a href=${href} onClick=${hideMenu}><${Icon} name=${icon} /> ${text}</a>`;
}

/** @param {{type: OwnChat["type"], title: string, create: string, chats: OwnChat[]}} props */
function Section({ type, title, create, chats: list }) {
  const [limit, setLimit] = useState(SHOWN);
  return html`<section class="section" aria-labelledby=${`section-${type}`}>
    <div class="section-head">
      <h2 id=${`section-${type}`}>${title}</h2>
      ${type === "talk" &&
      html`<a class="icon-button" href="#/channels" aria-label=${t("channels.browse")} title=${t("channels.browse")}><${Icon} name="search" /></a>`}
      <${IconButton} icon="plus" label=${create} onClick=${() => open({ kind: "create", type })} />
    </div>
    <ul>
      ${list.slice(0, limit).map((chat) => html`<${Row} key=${chat.id} chat=${chat} />`)}
    </ul>
    ${list.length > limit &&
    html`<button type="button" class="link" onClick=${() => setLimit(limit + SHOWN)}>${t("list.more")}</button>`}
  </section>`;
}

/** @param {{chat: OwnChat}} props */
function Row({ chat }) {
  const isDirect = chat.type === "direct";
  useEffect(() => void (isDirect && otherOf(chat)), [chat.id]);
  const other = isDirect ? otherOf(chat) : "";
  const name = isDirect && !chat.name && other ? nameOf(other) : chatName(chat);
  const isHere = route.value.chat === chat.id;
  const count = chat.unread_count;
  const isLoud = chat.mention_count > 0 || (isDirect && count > 0);
  const status = isDirect && presence.value.get(other);
  const spoken = [
    chat.status === "closed" && t("chat.closed"),
    count > 0 && t("sidebar.unread", { count }),
    chat.mention_count > 0 && t("sidebar.mentions", { count: chat.mention_count }),
    status === "online" && t("presence.online"),
    status === "away" && t("presence.away"),
  ].filter(Boolean);
  return html`<li>
    <a class=${classes("row", isHere && "here", count > 0 && "unread", chat.status === "closed" && "closed")}
      href=${chatPath(chat.id)} aria-current=${isHere ? "page" : undefined}>
      ${isDirect
        ? html`<span class="row-avatar" aria-hidden="true"><${Avatar} id=${other || chat.id} name=${name} isSmall /><${Presence} id=${other} /></span>`
        : html`<${Icon} name=${chat.status === "closed" ? "lock" : chat.type === "talk" ? "channel" : "group"} />`}
      <span class="row-name" dir="auto">${name}</span>${spoken.length > 0 && html`<span class="hidden">${spoken.join(", ")}</span>`}
      ${count > 0 && html`<span aria-hidden="true" class=${classes("count", isLoud && "loud")}>${count >= 1000 ? "999+" : count}</span>`}
    </a>
  </li>`;
}
