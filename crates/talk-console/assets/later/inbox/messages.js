// The messages of a conversation, newest at the end.

import { change, get } from "../../api.js";
import { open } from "../../dialog-state.js";
import { nameOf } from "../../people.js";
import { t } from "../../text.js";
import { clockTime, dayName, fullTime, parseTime } from "../../time.js";
import { classes, html, useCallback, useEffect, useLayoutEffect, useRef, useState } from "../../ui.js";
import { useChange } from "../../views/dialogs.js";
import { FileMedia } from "../../views/file.js";
import { Text } from "../../views/rich-text.js";

/** @typedef {import("../../../types.d.ts").ConversationMessage} ConversationMessage */
/** @typedef {import("../../../types.d.ts").Page<ConversationMessage>} Page */
/** @typedef {{remove: (id: string) => Promise<void>, retry: (id: string) => Promise<void>}} Actions */
/** @typedef {typeof DELIVERIES[keyof typeof DELIVERIES]} DeliveryText */

const PAGE = 50;

/** The deliveries that are named; the others need no word. */
const DELIVERIES = /** @type {const} */ ({
  queued: "delivery.queued",
  submitting: "delivery.queued",
  sent: "delivery.sent",
  accepted: "delivery.sent",
  delivered: "delivery.delivered",
  read: "delivery.read",
  failed: "delivery.failed",
  unknown: "delivery.unknown",
});

/**
 * Adds a newer page, newest first, to what is shown. A page that does not reach what is shown replaces
 * it: there may be messages between them.
 * @param {ConversationMessage[]} shown
 * @param {Page} page
 */
export function joined(shown, { result, next_page_token }) {
  const newest = [...result].reverse();
  const first = newest[0];
  if (!first || !next_page_token) return newest;
  const at = shown.findIndex(({ id }) => id === first.id);
  return at < 0 ? newest : [...shown.slice(0, at), ...newest];
}

/** The messages of a conversation: a page at the end, and earlier ones on demand. @param {string} id */
export function useMessages(id) {
  const [rows, setRows] = useState(/** @type {ConversationMessage[]} */ ([]));
  const [earlier, setEarlier] = useState("");
  const turn = useRef(0);
  const first = useRef(rows[0]?.id);
  first.current = rows[0]?.id;
  const path = `/v1.0/conversations/${id}/messages`;
  const refresh = useCallback(async () => {
    turn.current += 1;
    const own = turn.current;
    /** @type {Page} */
    const page = await get(path, { page_size: PAGE });
    if (own !== turn.current) return;
    setRows((shown) => {
      const next = joined(shown, page);
      if (next[0]?.id !== shown[0]?.id) setEarlier(page.next_page_token);
      return next;
    });
  }, [path]);
  const more = async () => {
    const token = earlier;
    // A second click finds nothing to do, and neither does an answer after the rows were replaced.
    setEarlier("");
    /** @type {Page} */
    const page = await get(path, { page_size: PAGE, page_token: token }).catch((error) => {
      setEarlier(token);
      throw error;
    });
    if (first.current !== rows[0]?.id) return;
    setRows((shown) => [...page.result.reverse(), ...shown]);
    setEarlier(page.next_page_token);
  };
  const remove = async (/** @type {string} */ message) => {
    /** @type {ConversationMessage} */
    const gone = await change("DELETE", `${path}/${message}`);
    setRows((shown) => shown.map((row) => (row.id === message ? gone : row)));
  };
  const retry = async (/** @type {string} */ message) => {
    /** @type {ConversationMessage} */
    const again = await change("POST", `${path}/${message}/retry`);
    setRows((shown) => shown.map((row) => (row.id === message ? again : row)));
  };
  return { rows, refresh, remove, retry, more: earlier ? more : null };
}

/**
 * @param {{messages: ReturnType<typeof useMessages>, name: string, agent: string, seen: () => void}} props
 *   `seen` is called whenever the newest message is in view
 */
export function Messages({ messages: { rows, remove, retry, more }, name, agent, seen }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const last = rows.at(-1)?.id;
  // The newest is shown, unless somebody reads earlier ones.
  const isAtEnd = useRef(true);
  const scrolled = () => {
    const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = box.current ?? {};
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < 40;
    if (isAtEnd.current) seen();
  };
  useEffect(() => {
    if (isAtEnd.current && document.visibilityState === "visible") seen();
  });
  const toEnd = () => {
    if (isAtEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  };
  useLayoutEffect(toEnd, [last]);
  // The form above it and the field below it change its height.
  useLayoutEffect(() => {
    const observer = new ResizeObserver(toEnd);
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const earlier = async () => {
    const before = box.current?.scrollHeight ?? 0;
    await more?.().catch(() => {});
    requestAnimationFrame(() => box.current?.scrollBy(0, box.current.scrollHeight - before));
  };
  return html`<div class="messages conversation-messages" ref=${box} onScroll=${scrolled} tabindex="0" role="log" aria-label=${t("messages.label")}>
    ${more && html`<p class="messages-head"><button type="button" class="button" onClick=${earlier}>${t("inbox.earlier")}</button></p>`}
    <ol class="bubbles">${items(rows, name, agent, { remove, retry })}</ol>
  </div>`;
}

/** @param {() => Promise<void>} run */
function confirmDeletion(run) {
  open({ kind: "confirm", title: t("message.delete"), text: t("inbox.deleteText"), action: t("message.delete"), run });
}

/**
 * @param {ConversationMessage[]} rows
 * @param {string} name
 * @param {string} agent
 * @param {Actions} actions
 */
function items(rows, name, agent, { remove, retry }) {
  let day = "";
  return rows.map((row) => {
    const time = parseTime(row.tm_create);
    const isNewDay = dayName(time) !== day;
    day = dayName(time);
    const isOutgoing = row.direction === "outgoing";
    const author = !isOutgoing ? name : row.author.owner_id === agent ? t("person.you") : nameOf(row.author.owner_id, t("person.unknown"));
    const state = isOutgoing && DELIVERIES[/** @type {keyof typeof DELIVERIES} */ (row.delivery)];
    return html`${isNewDay && html`<li class="separator" key=${`day-${row.id}`}><span>${day}</span></li>`}
      <li key=${row.id} class=${classes("bubble", row.direction)}>
        <p class="hint"><bdi>${author}</bdi> · <time datetime=${time.toISOString()} title=${fullTime(time)}>${clockTime(time)}</time>
          ${!row.tm_delete && html` · <button type="button" class="link" onClick=${() => confirmDeletion(() => remove(row.id))}>${t("message.delete")}</button>`}</p>
        ${row.tm_delete ? html`<p class="muted">${t("message.deleted")}</p>` : html`<${Text} text=${row.text} /><${Files} medias=${row.medias} />`}
        ${state && html`<${State} row=${row} state=${state} retry=${retry} />`}
      </li>`;
  });
}

/** The files of a message. @param {{medias: ConversationMessage["medias"]}} props */
function Files({ medias }) {
  if (!medias.length) return null;
  return html`<ul class="medias">${medias.map(({ id, file_id, filename, mime, size, status }) => {
    const isReady = status === "ready";
    const note = t(status === "failed" ? "inbox.mediaFailed" : "inbox.mediaPending");
    return html`<li key=${id}>${isReady ? html`<${FileMedia} media=${{ file_id, name: filename, mime, size }} />` : html`<span class="media muted">${note}</span>`}</li>`;
  })}</ul>`;
}

/**
 * How far a message has got. One that did not arrive, or perhaps not, can be sent again.
 * @param {{row: ConversationMessage, state: DeliveryText, retry: Actions["retry"]}} props
 */
function State({ row, state, retry }) {
  const { error, isBusy, run } = useChange();
  const hasFailed = state === "delivery.failed";
  const mayBeRepeated = !row.tm_delete && (hasFailed || state === "delivery.unknown");
  const again = () => {
    const send = () => retry(row.id);
    if (hasFailed) run(send);
    else open({ kind: "confirm", title: t("outbox.retry"), text: t("inbox.retryText"), action: t("outbox.retry"), run: send });
  };
  return html`<p class=${classes("hint", hasFailed && "error")}>${t(state)}
    ${row.failure && html`: <bdi>${row.failure.reason || row.failure.code}</bdi>`}
    ${mayBeRepeated && html` <button type="button" class="link" disabled=${isBusy} onClick=${again}>${t("outbox.retry")}</button>`}
    ${error && html` <span role="alert">${error}</span>`}</p>`;
}
