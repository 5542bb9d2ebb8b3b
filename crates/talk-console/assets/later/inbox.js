// Conversations with people outside: the list of them, and one beside it.

import { change } from "../api.js";
import { setPlace } from "../badge.js";
import { route } from "../route.js";
import { isAdmin } from "../session.js";
import { t } from "../text.js";
import { classes, html, useEffect, useState } from "../ui.js";
import { ConversationView } from "./inbox/conversation.js";
import { FOLDERS, useFolder } from "./inbox/folder.js";
import { List } from "./inbox/list.js";
import { PageHead } from "./page.js";

/** Milliseconds after a key before the search begins. */
const PAUSE_MS = 300;

/** @param {{live: import("../live.js").Live}} props */
export default function Inbox({ live }) {
  const { conversation, query } = route.value;
  const wanted = query.get("show") ?? "mine";
  const name = FOLDERS.find((folder) => folder.name === wanted && (isAdmin() || !folder.isForAdmins))?.name ?? "mine";
  const [typed, setTyped] = useState("");
  const [text, setText] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setText(typed.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const folder = useFolder(live, name, text);
  useEffect(() => setPlace(t("inbox.title")), []);
  const claim = async (/** @type {string} */ id) => {
    await change("POST", `/v1.0/conversations/${id}/claim`, { if_owner: "" });
    await folder.refresh();
  };
  return html`<div class=${classes("inbox", conversation && "with-conversation")}>
    <section class="inbox-list" aria-label=${t("inbox.title")}>
      <${PageHead} title=${t("inbox.title")}>
        ${isAdmin() && html`<a class="button" href="#/accounts">${t("accounts.title")}</a>`}
      <//>
      <nav class="tabs" aria-label=${t("inbox.folders")}>
        ${FOLDERS.filter((one) => isAdmin() || !one.isForAdmins).map(
          (one) => html`<a key=${one.name} href=${`#/inbox?show=${one.name}`} aria-current=${one.name === name ? "page" : undefined}>${t(one.title)}</a>`,
        )}
      </nav>
      <p class="inbox-search"><input type="search" maxlength="255" aria-label=${t("inbox.search")} placeholder=${t("inbox.search")} value=${typed}
        onInput=${(/** @type {any} */ event) => setTyped(event.currentTarget.value)} /></p>
      <${List} folder=${folder} name=${name} isSearch=${text !== ""} chosen=${conversation} claim=${claim} />
    </section>
    ${conversation
      ? html`<${ConversationView} key=${conversation} id=${conversation} live=${live} changed=${folder.refresh} />`
      : html`<div class="welcome inbox-empty"><p>${t("inbox.choose")}</p></div>`}
  </div>`;
}
