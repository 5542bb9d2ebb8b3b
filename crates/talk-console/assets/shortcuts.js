// The keys that work everywhere in the console.

import { chats } from "./chats.js";
import { open } from "./dialog-state.js";
import { chatPath, go, route } from "./route.js";
import { sorted } from "./sections.js";

/** Keys with the text that says what they do. */
export const SHORTCUTS = /** @type {const} */ ([
  [["?"], "shortcuts.help"],
  [["Ctrl", "K"], "shortcuts.jump"],
  [["Ctrl", "/"], "shortcuts.search"],
  [["Alt", "↓"], "shortcuts.next"],
  [["Alt", "↑"], "shortcuts.previous"],
  [["Alt", "Shift", "↓"], "shortcuts.unread"],
  [["Enter"], "shortcuts.send"],
  [["Shift", "Enter"], "shortcuts.line"],
  [["↑"], "shortcuts.editLast"],
  [["Alt", "M"], "shortcuts.messages"],
  [["Esc"], "shortcuts.close"],
  [["↑", "↓"], "shortcuts.move"],
  [["E"], "shortcuts.edit"],
  [["R"], "shortcuts.reply"],
  [["+"], "shortcuts.react"],
  [["Del"], "shortcuts.delete"],
]);

/** Whether keys are text where the focus is. */
export function isWriting() {
  const { activeElement } = document;
  return (
    activeElement instanceof HTMLTextAreaElement ||
    activeElement instanceof HTMLSelectElement ||
    (activeElement instanceof HTMLInputElement && !["checkbox", "radio"].includes(activeElement.type))
  );
}

/** Listens to the keys until the returned function is called. */
export function onShortcut() {
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const isControl = event.ctrlKey || event.metaKey;
    if (isControl && !event.altKey && event.key.toLowerCase() === "k") open({ kind: "jump" });
    else if (isControl && event.key === "/") go("#/search");
    else if (event.altKey && event.key === "ArrowDown") step(1, event.shiftKey);
    else if (event.altKey && event.key === "ArrowUp") step(-1, event.shiftKey);
    else if (event.altKey && event.code === "KeyM") focusMessages();
    else if (event.key === "?" && !isWriting()) open({ kind: "shortcuts" });
    else return;
    event.preventDefault();
  };
  addEventListener("keydown", press);
  return () => removeEventListener("keydown", press);
}

/** Moves the focus to the newest message of the pane that has it, or of the chat. */
function focusMessages() {
  const pane = document.activeElement?.closest(".thread") ?? document.querySelector(".chat-main");
  const last = [...(pane?.querySelectorAll(".message-list [data-message]") ?? [])].at(-1);
  if (last instanceof HTMLElement) last.focus();
}

/**
 * Goes to the next or previous chat of the list.
 * @param {number} by
 * @param {boolean} isUnread whether chats without unread messages are skipped
 */
function step(by, isUnread) {
  const list = sorted([...chats.peek().values()]);
  const at = list.findIndex(({ id }) => id === route.peek().chat);
  for (let count = 1; count <= list.length; count += 1) {
    const next = list.at((at + by * count + list.length * 2) % list.length);
    if (next && (!isUnread || next.unread_count)) {
      go(chatPath(next.id));
      return;
    }
  }
}
