// The picker of emoji, a popover of the browser over the server's own table.

import { remember, remembered } from "../storage.js";
import { t } from "../text.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../ui.js";
import { picking } from "../views/message-state.js";
import { toggle } from "../views/reactions.js";
import groups from "./emoji.js";

const KEY = "talk-emoji";
const RECENT = 16;
const COLUMNS = 8;

/** Emoji that were used before, the latest first. */
function recent() {
  return (remembered(KEY) ?? "").split(" ").filter(Boolean).slice(0, RECENT);
}

/** @param {{live: import("../live.js").Live, picking: NonNullable<typeof picking.value>}} props */
export default function Picker({ live, picking: { message, anchor } }) {
  const element = useRef(/** @type {HTMLElement | null} */ (null));
  const [text, setText] = useState("");
  const used = useMemo(recent, []);
  useLayoutEffect(() => {
    const box = element.current;
    if (!box) return;
    box.showPopover();
    const { left, top, bottom } = anchor.getBoundingClientRect();
    const { width, height } = box.getBoundingClientRect();
    const isAbove = bottom + height > innerHeight && top > height;
    box.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    box.style.top = `${Math.max(8, isAbove ? top - height - 4 : Math.min(bottom + 4, innerHeight - height - 8))}px`;
    box.querySelector("input")?.focus();
  }, []);
  // A click outside leaves the focus nowhere. What has taken it since the picker closed keeps it.
  useEffect(() => () => {
    if (document.activeElement === document.body && anchor.isConnected) anchor.focus();
  }, []);
  const pick = (/** @type {string} */ emoji) => {
    remember(KEY, [emoji, ...used.filter((one) => one !== emoji)].slice(0, RECENT).join(" "));
    toggle(message, emoji, live.agent).catch(() => {});
    element.current?.hidePopover();
  };
  const titles = t("picker.groups").split("|");
  const wanted = text.trim().toLowerCase().replace(/^:|:$/g, "");
  /** @type {[string, [string, string][]][]} */
  const all = /** @type {any} */ (groups);
  const found = wanted
    ? [["", all.flatMap(([, list]) => list.filter(([, names]) => names.includes(wanted))).slice(0, 120)]]
    : [...(used.length ? [[t("picker.recent"), used.map((emoji) => [emoji, emoji])]] : []), ...all.map(([, list], at) => [titles[at], list])];
  const rows = /** @type {[string, [string, string][]][]} */ (found);
  const press = (/** @type {KeyboardEvent} */ event) => {
    const buttons = [...(element.current?.querySelectorAll(".picker-grid button") ?? [])];
    const at = buttons.indexOf(/** @type {Element} */ (document.activeElement));
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (at < 0 && event.key === "Enter" && rows[0]?.[1][0]) pick(rows[0][1][0][0]);
    else if (at < 0 && event.key === "ArrowDown") /** @type {HTMLElement} */ (buttons[0])?.focus();
    else if (at >= 0 && step) {
      const next = buttons[at + step] ?? (at + step < 0 ? element.current?.querySelector("input") : null);
      /** @type {HTMLElement | null | undefined} */ (next)?.focus();
    } else return;
    event.preventDefault();
  };
  const toggled = (/** @type {any} */ event) => event.newState === "closed" && (picking.value = null);
  return html`<div popover="auto" class="picker" role="dialog" aria-label=${t("picker.title")} ref=${element} onToggle=${toggled} onKeyDown=${press}>
    <input type="search" aria-label=${t("picker.search")} placeholder=${t("picker.search")} value=${text}
      onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)} />
    <div class="picker-grid" tabindex="-1">
      ${rows.map(
        ([name, list]) => html`<section key=${name}>
          ${name && html`<h3>${name}</h3>`}
          <div class="picker-row">
            ${list.map(
              ([emoji, names]) => html`<button type="button" key=${emoji} tabindex="-1" aria-label=${`${emoji} ${names.split(" ")[0]}`} title=${names.split(" ")[0]} onClick=${() => pick(emoji)}>${emoji}</button>`,
            )}
          </div>
        </section>`,
      )}
      ${wanted && !rows[0]?.[1].length && html`<p class="muted" role="status">${t("picker.none")}</p>`}
    </div>
  </div>`;
}
