// The rows of a folder.

import { nameOf } from "../../people.js";
import { conversationPath } from "../../route.js";
import { isAdmin } from "../../session.js";
import { t } from "../../text.js";
import { clockTime, dayName, daysBetween, parseTime } from "../../time.js";
import { classes, html } from "../../ui.js";
import { Avatar } from "../../views/avatar.js";
import { useChange } from "../../views/dialogs.js";

/** @typedef {import("../../../types.d.ts").Conversation} Conversation */
/** @typedef {import("./folder.js").FolderName} FolderName */

/** The names of the methods. */
const METHODS = /** @type {const} */ ({ webchat: "method.webchat", message: "method.message" });

/** @param {string} type */
export function methodName(type) {
  return type in METHODS ? t(METHODS[/** @type {keyof typeof METHODS} */ (type)]) : type;
}

/**
 * The name of the person: the conversation's own, unless it was made of an address that says nothing.
 * @param {Conversation} conversation
 */
export function peerName({ type, peer, name }) {
  const isMade = name.endsWith(peer.target);
  if (name && !isMade) return name;
  if (peer.target_name) return peer.target_name;
  return type === "webchat" ? t("inbox.visitor", { id: peer.target.slice(0, 4) }) : peer.target;
}

/**
 * @param {{folder: ReturnType<typeof import("./folder.js").useFolder>, name: FolderName, isSearch: boolean, chosen: string,
 *   claim: (id: string) => Promise<void>}} props
 */
export function List({ folder, name, isSearch, chosen, claim }) {
  const { rows, error, more } = folder;
  return html`<div class="inbox-rows">
    ${!rows && !error && html`<p class="muted sidebar-note" role="status">${t("loading")}</p>`}
    <p class="error" role="alert">${error}</p>
    ${rows?.length === 0 && html`<p class="muted sidebar-note">${t(isSearch ? "inbox.notFound" : name === "waiting" ? "inbox.noneWaiting" : "inbox.none")}</p>`}
    <ul>
      ${rows?.map((row) => html`<${Row} key=${row.id} row=${row} name=${name} isHere=${row.id === chosen} claim=${claim} />`)}
    </ul>
    ${more && html`<p><button type="button" class="button" onClick=${more}>${t("list.more")}</button></p>`}
  </div>`;
}

/**
 * @param {{row: Conversation, name: FolderName, isHere: boolean,
 *   claim: (id: string) => Promise<void>}} props
 */
function Row({ row, name, isHere, claim }) {
  const { error, isBusy, run } = useChange();
  const who = peerName(row);
  const owner = row.owner_type ? nameOf(row.owner_id, t("person.unknown")) : t("inbox.nobody");
  const count = row.unread_count;
  const time = parseTime(row.tm_update);
  const isToday = daysBetween(time, new Date()) === 0;
  // Without an owner only its card is shown, until the agent has claimed it.
  const canRead = isAdmin() || name !== "waiting";
  const inside = html`<${Avatar} id=${row.id} name=${who} />
    <span class="inbox-row-text"><strong><bdi>${who}</bdi></strong>
      <span class="hint">${methodName(row.type)} · <bdi>${owner}</bdi> · ${isToday ? clockTime(time) : dayName(time)}</span></span>
    ${count > 0 && html`<span class="hidden">${t("sidebar.unread", { count })}</span><span aria-hidden="true" class="count">${count >= 1000 ? "999+" : count}</span>`}`;
  return html`<li class=${classes("inbox-row", isHere && "here", count > 0 && "unread")}>
    ${canRead
      ? html`<a href=${conversationPath(row.id, name)} aria-current=${isHere ? "true" : undefined}>${inside}</a>`
      : html`<div>${inside}</div>`}
    ${!row.owner_type &&
    html`<button type="button" class="button" disabled=${isBusy} aria-label=${`${t("inbox.claim")}: ${who}`}
      onClick=${() => run(() => claim(row.id))}>${t("inbox.claim")}</button>`}
    <p class="error" role="alert">${error}</p>
  </li>`;
}
