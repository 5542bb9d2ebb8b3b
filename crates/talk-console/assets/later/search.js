// The search for messages, with filters. A result leads to its place in the chat.

import { get } from "../api.js";
import { setPlace } from "../badge.js";
import { chats } from "../chats.js";
import { nameOf, people } from "../people.js";
import { chatPath, route } from "../route.js";
import { chatName, sorted } from "../sections.js";
import { t } from "../text.js";
import { parseTime, shortTime } from "../time.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../ui.js";
import { useChange } from "../views/dialogs.js";
import { PageHead } from "./page.js";

/** @typedef {import("../../types.d.ts").Message} Message */

/** Milliseconds after a key before the search begins. */
const PAUSE_MS = 250;

/** Pages without a result that are read before the reader has to go on. */
const EMPTY_PAGES = 10;

/**
 * The beginning of a local day as a time of the API.
 * @param {string} day
 * @param {number} later days to add
 */
function dayStart(day, later = 0) {
  if (!day) return undefined;
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + later);
  return date.toISOString();
}

/** The view. */
export default function Search() {
  const [wanted, setWanted] = useState(() => ({
    q: route.peek().query.get("q") ?? "",
    chat_id: route.peek().query.get("chat") ?? "",
    from: "",
    after: "",
    before: "",
  }));
  const [found, setFound] = useState(/** @type {Message[] | null} */ (null));
  const [next, setNext] = useState("");
  const { error, isBusy, run } = useChange();
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useLayoutEffect(() => {
    setPlace(t("search.title"));
    field.current?.focus();
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => load(""), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [JSON.stringify(wanted)]);
  /** @param {string} token */
  const load = async (token) => {
    if (!wanted.q.trim()) {
      setFound(null);
      setNext("");
      return;
    }
    const days = { after: dayStart(wanted.after), before: dayStart(wanted.before, 1) };
    await run(async () => {
      const rows = token ? [...(found ?? [])] : [];
      let at = token;
      for (let pages = 0; pages < EMPTY_PAGES; pages += 1) {
        /** @type {{result: Message[], next_page_token: string}} */
        const page = await get("/talk_search", { ...wanted, ...days, page_token: at });
        rows.push(...page.result);
        at = page.next_page_token;
        if (page.result.length || !at) break;
      }
      setFound(rows);
      setNext(at);
    });
  };
  const set = (/** @type {any} */ event) => {
    const { name, value } = event.currentTarget;
    setWanted((before) => ({ ...before, [name]: value }));
  };
  return html`<div class="page"><div class="page-inside">
    <${PageHead} title=${t("search.title")} />
    <form class="filters" role="search" onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), load(""))}>
      <label class="field whole">${t("search.text")} <input type="search" name="q" dir="auto" maxlength="255" ref=${field} value=${wanted.q} onInput=${set} /></label>
      <label class="field">${t("search.chat")} <select name="chat_id" value=${wanted.chat_id} onChange=${set}>
        <option value="">${t("search.anyChat")}</option>
        ${sorted([...chats.value.values()]).map((chat) => html`<option key=${chat.id} value=${chat.id}>${chatName(chat)}</option>`)}
      </select></label>
      <label class="field">${t("search.from")} <select name="from" value=${wanted.from} onChange=${set}>
        <option value="">${t("search.anyone")}</option>
        ${[...people.value.values()].map(({ id, name, username }) => html`<option key=${id} value=${id}>${name || username}</option>`)}
      </select></label>
      <label class="field">${t("search.after")} <input type="date" name="after" value=${wanted.after} onInput=${set} /></label>
      <label class="field">${t("search.before")} <input type="date" name="before" value=${wanted.before} onInput=${set} /></label>
    </form>
    <p class="error" role="alert">${error}</p>
    <p class="muted" role="status">${isBusy ? t("loading") : found && (found.length ? t("search.results", { count: found.length }) : !next && t("search.none"))}</p>
    <ol>${found?.map((message) => html`<${Result} key=${message.id} message=${message} q=${wanted.q} />`)}</ol>
    ${next && html`<p><button type="button" class="button" disabled=${isBusy} onClick=${() => load(next)}>${t("list.more")}</button></p>`}
  </div></div>`;
}

/** @param {{message: Message, q: string}} props */
function Result({ message, q }) {
  const chat = chats.value.get(message.chat_id);
  return html`<li><a class="result" href=${chatPath(message.chat_id, "message", message.id)}>
    <span class="result-head"><strong dir="auto">${nameOf(message.owner_id, t("person.unknown"))}</strong>
      <span dir="auto">${chat ? chatName(chat) : ""}</span>
      <time>${shortTime(parseTime(message.tm_create))}</time></span>
    <span class="text" dir="auto">${marked(message.text, q.trim())}</span>
  </a></li>`;
}

/**
 * A part of the text with the words marked, as far as they are found without folding.
 * @param {string} text
 * @param {string} wanted
 */
function marked(text, wanted) {
  const at = text.toLocaleLowerCase().indexOf(wanted.toLocaleLowerCase());
  const from = Math.max(0, at - 120);
  const part = (from ? "…" : "") + text.slice(from, from + 400);
  if (at < 0) return part;
  const shown = at - from + (from ? 1 : 0);
  return html`${part.slice(0, shown)}<mark>${part.slice(shown, shown + wanted.length)}</mark>${part.slice(shown + wanted.length)}`;
}
