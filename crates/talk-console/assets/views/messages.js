// The messages of a chat on the screen: pages at both ends, the place of the reader, and read marks.

import { get } from "../api.js";
import { read } from "../reading.js";
import { chatPath, go, route } from "../route.js";
import { t } from "../text.js";
import { dayName, parseTime } from "../time.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../ui.js";
import { Icon } from "./icons.js";
import { MessageItem } from "./message.js";
import { Pending } from "./pending.js";
import { Place } from "./scroll.js";

/** @typedef {import("../../types.d.ts").Message} Message */
/** @typedef {import("../../types.d.ts").OwnChat} OwnChat */
/** @typedef {import("../live.js").Live} Live */

/** Pixels from an end at which the next page is loaded. */
const AHEAD = 800;

/** Milliseconds within which messages of an author share their head. */
const GROUP_MS = 5 * 60_000;

/** @param {{live: Live, chat: OwnChat}} props */
export function Messages({ live, chat }) {
  const history = useMemo(() => live.history(chat.id), [chat.id]);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const place = useMemo(() => new Place(), [chat.id]);
  // The mark at the moment when the chat was opened stays, while messages become read.
  const [mark, setMark] = useState(() => (chat.unread_count ? chat.read_seq : Infinity));
  const [isAway, setAway] = useState(false);
  const messages = history.messages.value;
  const pending = live.outbox.items.value.filter((item) => item.chat === chat.id && !item.parent);
  const shown = pending.filter((item) => !item.arrived);
  const wanted = route.value.message;

  useEffect(() => {
    if (wanted) show(live, chat.id, wanted).then((isThere) => isThere && place.seek(wanted));
    else if (!history.isLoaded.peek()) history.openAtEnd();
  }, [chat.id, wanted]);

  useLayoutEffect(() => {
    if (!box.current) return undefined;
    place.attach(box.current);
    return () => place.detach();
  }, [chat.id]);

  const first = messages.find((message) => message.seq > mark && message.owner_id !== live.agent);
  useLayoutEffect(() => {
    if (!history.isLoaded.peek()) return;
    place.restore(history.isAtEnd.peek(), first?.id);
    look();
  });

  /** Loads what comes next, and marks what has been read. */
  const look = () => {
    const element = box.current;
    if (!element || !history.isLoaded.peek()) return;
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    if (element.scrollTop < AHEAD && !history.error.peek()) history.loadOlder();
    if (below < AHEAD && !history.error.peek()) history.loadNewer();
    const isAtEnd = below < 40 && history.isAtEnd.peek();
    setAway(!isAtEnd && (below > 400 || !history.isAtEnd.peek()));
    if (isAtEnd && document.hasFocus()) {
      const last = history.messages.peek().at(-1);
      if (last) read.upTo(chat.id, last.seq);
    }
  };
  useEffect(() => {
    addEventListener("focus", look);
    return () => removeEventListener("focus", look);
  });

  const toEnd = async () => {
    if (route.peek().message) go(chatPath(chat.id));
    if (!history.isAtEnd.peek()) await history.openAtEnd();
    place.stick();
  };
  const toFirstUnread = async () => {
    /** @type {{result: Message[]}} */
    const { result } = await get("/talk_messages", {
      chat_id: chat.id,
      since_seq: chat.read_seq,
      order: "asc",
      page_size: 1,
    });
    if (!result[0]) return;
    setMark(chat.read_seq);
    await history.openAround(result[0]);
    place.seek(result[0].id);
  };
  const oldest = messages[0];
  const isUnreadAbove = oldest && chat.unread_count > 0 && oldest.seq > chat.read_seq + 1 && !history.isAtStart.value;

  return html`<div class="messages-frame">
    ${isUnreadAbove &&
    html`<button type="button" class="pill top" onClick=${toFirstUnread}>${t("messages.unreadAbove", { count: chat.unread_count })}</button>`}
    <div class="messages" ref=${box} tabindex="-1" onScroll=${() => (place.scrolled(), look())}>
      <div class="messages-head">
        ${history.isAtStart.value
          ? html`<p class="muted">${t("messages.start")}</p>`
          : html`<p class="muted" role="status">${history.error.value ? "" : t("loading")}</p>`}
        ${history.error.value &&
        html`<p role="alert">${t("error.load")} <button type="button" class="link"
          onClick=${() => (history.isLoaded.peek() ? history.loadOlder() : history.openAtEnd())}>${t("error.again")}</button></p>`}
      </div>
      <ol class="message-list" aria-label=${t("messages.label")}>
        ${rows(messages, first?.id, live)}
      </ol>
      ${history.isAtEnd.value && html`<${Pending} items=${shown} live=${live} />`}
    </div>
    ${isAway &&
    html`<button type="button" class="pill bottom" onClick=${toEnd}>
      <${Icon} name="down" /> ${chat.unread_count > 0 ? t("messages.newBelow", { count: chat.unread_count }) : t("messages.toEnd")}
    </button>`}
  </div>`;
}

/**
 * The rows of messages, with a separator before the first of a day and the first unread one.
 * @param {import("../history.js").Kept[]} messages
 * @param {string | undefined} unread
 * @param {Live} live
 */
function rows(messages, unread, live) {
  let day = "";
  /** @type {Message | null} */
  let before = null;
  return messages.flatMap((message) => {
    const time = parseTime(message.tm_create);
    const name = dayName(time);
    const separators = [];
    if (name !== day) separators.push(html`<li class="separator" key=${`day-${message.id}`}><span>${name}</span></li>`);
    if (message.id === unread) {
      separators.push(html`<li class="separator new" key="new"><span>${t("messages.new")}</span></li>`);
    }
    const isGrouped =
      separators.length === 0 &&
      before !== null &&
      before.owner_id === message.owner_id &&
      before.type === message.type &&
      !message.parent_id &&
      time.getTime() - parseTime(before.tm_create).getTime() < GROUP_MS;
    day = name;
    before = message;
    return [...separators, html`<${MessageItem} key=${message.id} message=${message} isGrouped=${isGrouped} live=${live} />`];
  });
}

/**
 * Makes sure that a message is in the window. Returns whether it is.
 * @param {Live} live
 * @param {string} chat
 * @param {string} id
 */
async function show(live, chat, id) {
  const history = live.history(chat);
  if (history.find(id)) return true;
  try {
    /** @type {Message} */
    const message = await get(`/talk_messages/${id}`);
    await history.openAround(message);
    return true;
  } catch {
    if (!history.isLoaded.peek()) await history.openAtEnd();
    return false;
  }
}
