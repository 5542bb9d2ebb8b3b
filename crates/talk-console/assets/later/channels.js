// The directory of channels.

import { change, get } from "../api.js";
import { setPlace } from "../badge.js";
import { chats, refreshChat } from "../chats.js";
import { open } from "../dialog-state.js";
import { chatPath, go } from "../route.js";
import { t } from "../text.js";
import { html, useEffect, useState } from "../ui.js";
import { useChange } from "../views/dialogs.js";
import { Icon } from "../views/icons.js";
import { PageHead } from "./page.js";

/** @typedef {import("../../types.d.ts").OwnChat} OwnChat */

/** Milliseconds after a key before the search begins. */
const PAUSE_MS = 200;

/** The view. */
export default function Channels() {
  const [text, setText] = useState("");
  const [found, setFound] = useState(/** @type {OwnChat[] | null} */ (null));
  const [next, setNext] = useState("");
  const { error, run } = useChange();
  useEffect(() => setPlace(t("channels.title")), []);
  /** @param {string} token */
  const load = (token) =>
    run(async () => {
      // A search that reads many channels ends its page early: it may be empty without being the last.
      /** @type {OwnChat[]} */
      const rows = token ? [...(found ?? [])] : [];
      let at = token;
      do {
        /** @type {{result: OwnChat[], next_page_token: string}} */
        const page = await get("/talk_channels", { search: text, page_token: at });
        rows.push(...page.result);
        at = page.next_page_token;
        if (page.result.length) break;
      } while (at);
      setFound(rows);
      setNext(at);
    });
  useEffect(() => {
    const timer = setTimeout(() => load(""), text ? PAUSE_MS : 0);
    return () => clearTimeout(timer);
  }, [text]);
  const join = (/** @type {string} */ id) =>
    run(async () => {
      await change("POST", `/talk_chats/${id}/join`, {}, { key: crypto.randomUUID() });
      await refreshChat(id);
      go(chatPath(id));
    });
  return html`<div class="page"><div class="page-inside">
    <${PageHead} title=${t("channels.title")}>
      <button type="button" class="primary" onClick=${() => open({ kind: "create", type: "talk" })}><${Icon} name="plus" /> ${t("channels.create")}</button>
    <//>
    <input type="search" aria-label=${t("channels.search")} placeholder=${t("channels.search")} value=${text}
      onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)} />
    <p class="error" role="alert">${error}</p>
    ${found?.length === 0 && html`<p class="muted" role="status">${t("channels.none")}</p>`}
    <ul class="card-list">
      ${found?.map((channel) => {
        const isIn = chats.value.has(channel.id);
        return html`<li class="card-row" key=${channel.id}>
          <${Icon} name=${channel.status === "closed" ? "lock" : "channel"} />
          <div class="grow"><strong dir="auto">${channel.name}</strong>
            <p class="hint" dir="auto">${[t("members.count", { count: channel.member_count }), channel.detail].filter(Boolean).join(" · ")}</p>
          </div>
          ${isIn || channel.status === "closed"
            ? html`<a class="button" href=${chatPath(channel.id)} aria-label=${`${t("channels.joined")}: ${channel.name}`}>${t("channels.joined")}</a>`
            : html`<button type="button" class="button" onClick=${() => join(channel.id)} aria-label=${`${t("channels.join")}: ${channel.name}`}>${t("channels.join")}</button>`}
        </li>`;
      })}
    </ul>
    ${next && html`<p><button type="button" class="button" onClick=${() => load(next)}>${t("list.more")}</button></p>`}
  </div></div>`;
}
