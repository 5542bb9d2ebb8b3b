// Notifications of the browser, if the reader has asked for them.

import { chats } from "./chats.js";
import { nameOf } from "./people.js";
import { chatPath, go, route } from "./route.js";
import { signal } from "./ui.js";
import { remember, remembered } from "./storage.js";
import { t } from "./text.js";

const KEY = "talk-notifications";

/** Whether notifications are wanted and allowed. */
export const areNotificationsOn = signal(
  remembered(KEY) === "on" && globalThis.Notification?.permission === "granted",
);

/** @param {boolean} isOn */
export async function setNotifications(isOn) {
  const isAllowed = isOn && (await globalThis.Notification?.requestPermission()) === "granted";
  remember(KEY, isAllowed ? "on" : "off");
  areNotificationsOn.value = isAllowed;
}

/**
 * Notifies about a message of somebody else, unless its chat is on the screen.
 * @param {import("../types.d.ts").Message} message
 */
export function notify(message) {
  if (!areNotificationsOn.peek() || message.type !== "normal") return;
  if (document.hasFocus() && route.peek().chat === message.chat_id) return;
  const chat = chats.peek().get(message.chat_id);
  const author = nameOf(message.owner_id);
  const title = chat?.name ? t("notification.in", { author, chat: chat.name }) : author;
  const body = message.text || t("message.attachment");
  const notification = new Notification(title, { body, tag: message.chat_id });
  notification.onclick = () => {
    window.focus();
    go(chatPath(message.chat_id));
  };
}
