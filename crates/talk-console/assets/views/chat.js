// A chat: its head, its messages, the composer, and a thread beside it.

import { Refusal, change, get } from "../api.js";
import { setPlace } from "../badge.js";
import { chats, otherOf, refreshChat } from "../chats.js";
import { open } from "../dialog-state.js";
import { nameOf } from "../people.js";
import { route } from "../route.js";
import { chatName } from "../sections.js";
import { t } from "../text.js";
import { classes, html, useEffect, useState } from "../ui.js";
import { Presence } from "./avatar.js";
import { Composer } from "./composer.js";
import { Icon, IconButton } from "./icons.js";
import { Messages } from "./messages.js";
import { Thread } from "./thread.js";
import { TypingLine } from "./typing-line.js";

/** @typedef {import("../../types.d.ts").OwnChat} OwnChat */
/** @typedef {import("../live.js").Live} Live */

/** @param {{live: Live, id: string}} props */
export function ChatView({ live, id }) {
  const own = chats.value.get(id);
  const [card, setCard] = useState(/** @type {OwnChat | null} */ (null));
  const [isMissing, setMissing] = useState(false);
  useEffect(() => {
    // A channel can be seen without being in it.
    if (own) return;
    get(`/talk_chats/${id}`).then(
      (found) => setCard(/** @type {OwnChat} */ (found)),
      (error) => error instanceof Refusal && setMissing(true),
    );
  }, [id, Boolean(own)]);
  const chat = own ?? card;
  const name = chat ? nameOfChat(chat) : "";
  useEffect(() => setPlace(name), [name]);
  if (!chat) {
    const text = isMissing ? t("chat.missing") : t("loading");
    return html`<div class="welcome" role="status"><p>${text}</p></div>`;
  }
  const { thread } = route.value;
  return html`<div class=${classes("chat", thread && "with-thread")}>
    <section class="chat-main" aria-label=${name}>
      <${Head} chat=${chat} name=${name} isMember=${Boolean(own)} live=${live} />
      ${own
        ? html`<${Messages} live=${live} chat=${own} key=${id} />
            <${TypingLine} live=${live} chat=${id} />
            ${own.status === "closed"
              ? html`<${Closed} chat=${own} />`
              : html`<${Composer} live=${live} chat=${own} name=${name} key=${id} isMain />`}`
        : html`<${Outside} chat=${chat} />`}
    </section>
    ${own && thread && html`<${Thread} live=${live} chat=${own} root=${thread} key=${thread} />`}
  </div>`;
}

/** @param {OwnChat} chat */
function nameOfChat(chat) {
  if (chat.type !== "direct" || chat.name) return chatName(chat);
  const other = otherOf(chat);
  return other ? nameOf(other) : chatName(chat);
}

/** @param {{chat: OwnChat, name: string, isMember: boolean, live: Live}} props */
function Head({ chat, name, isMember }) {
  const other = chat.type === "direct" ? otherOf(chat) : "";
  return html`<header class="head">
    <a class="icon-button only-narrow" href="#/" aria-label=${t("chat.back")}><${Icon} name="back" /></a>
    <div class="head-text">
      <h1 class="head-name" dir="auto">
        ${chat.type === "direct" ? html`<${Presence} id=${other} />` : html`<${Icon} name=${chat.type === "talk" ? "channel" : "group"} />`}
        <span>${name}</span>
        ${chat.status === "closed" && html`<span class="tag">${t("chat.closed")}</span>`}
      </h1>
      ${chat.detail && html`<p class="head-detail" dir="auto">${chat.detail}</p>`}
    </div>
    ${isMember &&
    html`<a class="icon-button" href=${`#/search?chat=${chat.id}`} aria-label=${t("search.here")} title=${t("search.here")}><${Icon} name="search" /></a>`}
    <button type="button" class="members-button" onClick=${() => open({ kind: "members", chat: chat.id })}
      aria-label=${t("members.count", { count: chat.member_count })} title=${t("members.title")}>
      <${Icon} name="group" /> ${chat.member_count}
    </button>
    ${isMember &&
    html`<${IconButton} icon="settings" label=${t("settings.title")} onClick=${() => open({ kind: "settings", chat: chat.id })} />`}
  </header>`;
}

/** @param {{chat: OwnChat}} props */
function Closed({ chat }) {
  const reopen = () => change("POST", `/talk_chats/${chat.id}/reopen`, {}, { key: crypto.randomUUID() });
  return html`<div class="composer-instead">
    <p><${Icon} name="lock" /> ${t("chat.isClosed")}</p>
    <button type="button" class="button" onClick=${reopen}>${t("chat.reopen")}</button>
  </div>`;
}

/** A channel of which the agent is no member. @param {{chat: OwnChat}} props */
function Outside({ chat }) {
  const [error, setError] = useState("");
  const join = async () => {
    try {
      await change("POST", `/talk_chats/${chat.id}/join`, {}, { key: crypto.randomUUID() });
      await refreshChat(chat.id);
    } catch (failure) {
      setError(failure instanceof Refusal ? failure.message : t("error.unreachable"));
    }
  };
  return html`<div class="welcome">
    <p>${t("channels.outside", { name: chat.name })}</p>
    <button type="button" class="primary" onClick=${join}>${t("channels.join")}</button>
    <p class="error" role="alert">${error}</p>
  </div>`;
}
