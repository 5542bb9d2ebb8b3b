// A conversation with a person outside: its head, its messages, and the field for an answer.

import { Refusal, change, get } from "../../api.js";
import { setPlace } from "../../badge.js";
import { nameOf, people } from "../../people.js";
import { route } from "../../route.js";
import { isAdmin } from "../../session.js";
import { t } from "../../text.js";
import { fullTime, parseTime } from "../../time.js";
import { html, useCallback, useEffect, useRef, useState } from "../../ui.js";
import { useChange } from "../../views/dialogs.js";
import { Icon } from "../../views/icons.js";
import { TypingLine } from "../../views/typing-line.js";
import { Answer } from "./answer.js";
import { useFollowing } from "./following.js";
import { methodName, peerName } from "./list.js";
import { Messages, useMessages } from "./messages.js";
import { Participants } from "./participants.js";

/** @typedef {import("../../../types.d.ts").Conversation} Conversation */

/** @param {{id: string, live: import("../../live.js").Live, changed: () => Promise<void>}} props */
export function ConversationView({ id, live, changed }) {
  const [card, setCard] = useState(/** @type {Conversation | null} */ (null));
  const [isMissing, setMissing] = useState(false);
  const messages = useMessages(id);
  const newest = useRef(0);
  const read = useRef(0);
  const refresh = useCallback(async () => {
    newest.current += 1;
    const turn = newest.current;
    try {
      /** @type {Conversation} */
      const found = await get(`/v1.0/conversations/${id}`);
      // A later answer may have come first.
      if (turn !== newest.current) return;
      setCard(found);
      setMissing(false);
      await messages.refresh();
    } catch (error) {
      const isGone = error instanceof Refusal && [403, 404].includes(error.status);
      if (turn === newest.current && isGone) setMissing(true);
    }
  }, [id, messages.refresh]);
  useEffect(() => void refresh(), [refresh]);
  useFollowing(live, refresh, id);
  const name = card ? peerName(card) : "";
  useEffect(() => setPlace(name || t("inbox.title")), [name]);
  if (!card || isMissing) {
    return html`<div class="welcome" role="status"><p>${t(isMissing ? "inbox.missing" : "loading")}</p></div>`;
  }
  const markRead = () => {
    if (!card.unread_count || read.current >= card.last_seq) return;
    read.current = card.last_seq;
    change("PUT", `/v1.0/conversations/${id}/read`, { seq: card.last_seq }).catch(() => {
      read.current = 0;
    });
  };
  const update = async () => {
    await Promise.all([refresh(), changed()]);
  };
  return html`<section class="conversation" aria-label=${name}>
    <${Head} card=${card} name=${name} live=${live} update=${update} />
    <${Messages} messages=${messages} name=${name} agent=${live.agent} seen=${markRead} />
    <${TypingLine} live=${live} chat=${id} outside=${name} />
    <${Answer} card=${card} name=${name} live=${live} />
  </section>`;
}

/** @param {{card: Conversation, name: string, live: import("../../live.js").Live, update: () => Promise<void>}} props */
function Head({ card, name, live, update }) {
  const { error, isBusy, run } = useChange();
  const [isOpen, setOpen] = useState(false);
  const path = `/v1.0/conversations/${card.id}`;
  const act = (/** @type {string} */ what, /** @type {object} */ body = {}) => run(() => change("POST", `${path}/${what}`, body).then(update));
  const isOwn = card.owner_id === live.agent;
  const show = route.value.query.get("show");
  return html`<header class="head conversation-head">
      <a class="icon-button inbox-back" href=${show ? `#/inbox?show=${show}` : "#/inbox"} aria-label=${t("inbox.back")}><${Icon} name="back" /></a>
      <div class="head-text">
        <h2 class="head-name"><span><bdi>${name}</bdi></span> <span class="tag">${methodName(card.type)}</span>
          ${card.state === "closed" && html`<span class="tag">${t("chat.closed")}</span>`}
          ${card.tm_opt_out && html`<span class="tag">${t("inbox.optedOut")}</span>`}</h2>
        <p class="head-detail">${card.owner_type ? t("inbox.ownedBy", { name: nameOf(card.owner_id, t("person.unknown")) }) : t("inbox.nobody")}</p>
      </div>
      ${!card.owner_type && html`<button type="button" class="primary" disabled=${isBusy} onClick=${() => act("claim", { if_owner: "" })}>${t("inbox.claim")}</button>`}
      ${isOwn && html`<button type="button" class="button" disabled=${isBusy} onClick=${() => act("unassign")}>${t("inbox.unassign")}</button>`}
      <button type="button" class="button" disabled=${isBusy} onClick=${() => act(card.state === "closed" ? "reopen" : "close")}>${t(card.state === "closed" ? "chat.reopen" : "inbox.close")}</button>
      <button type="button" class="icon-button" aria-expanded=${isOpen} aria-label=${t("inbox.details")} title=${t("inbox.details")} onClick=${() => setOpen(!isOpen)}><${Icon} name="info" /></button>
    </header>
    <p class="error" role="alert">${error}</p>
    ${isOpen &&
    html`<${Card} card=${card} update=${update} />
      <${Participants} card=${card} live=${live} />`}`;
}

/** What is known of the person, and the form that changes it. @param {{card: Conversation, update: () => Promise<void>}} props */
function Card({ card, update }) {
  const { error, isBusy, run } = useChange();
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    const owner = form.get("owner");
    const texts = { name: form.get("name"), detail: form.get("detail") };
    // Only if nobody else has changed the owner meanwhile.
    const moved = isAdmin() && owner !== ownerOf(card) ? { owner_id: owner, if_owner: ownerOf(card) } : {};
    await run(() => change("PUT", `/v1.0/conversations/${card.id}`, { ...texts, ...moved }).then(update));
  };
  return html`<form class="card form contact-card" aria-label=${t("inbox.details")} onSubmit=${submit}>
    <dl class="facts">
      <dt>${t("inbox.address")}</dt><dd><bdi>${card.peer.target}</bdi></dd>
      <dt>${t("inbox.method")}</dt><dd>${methodName(card.type)}</dd>
      <dt>${t("inbox.since")}</dt><dd>${fullTime(parseTime(card.tm_create))}</dd>
    </dl>
    <label>${t("create.name")} <input name="name" dir="auto" maxlength="255" defaultValue=${card.name} /></label>
    <label>${t("create.detail")} <textarea name="detail" dir="auto" rows="2" maxlength="4096" defaultValue=${card.detail}></textarea></label>
    ${isAdmin() &&
    html`<label>${t("inbox.owner")} <select name="owner" defaultValue=${ownerOf(card)}>
      <option value="" selected=${!card.owner_type}>${t("inbox.nobody")}</option>
      ${[...people.value.values()].filter(({ status, tm_delete }) => status === "active" && !tm_delete).map(
        (agent) => html`<option key=${agent.id} value=${agent.id} selected=${agent.id === card.owner_id}>${agent.name || agent.username}</option>`,
      )}
    </select></label>`}
    <p class="error" role="alert">${error}</p>
    <p class="modal-buttons"><button class="primary" disabled=${isBusy}>${t("save")}</button></p>
  </form>`;
}

/** @param {Conversation} card */
function ownerOf(card) {
  return card.owner_type ? card.owner_id : "";
}
