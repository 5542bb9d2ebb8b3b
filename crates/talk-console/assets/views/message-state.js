// The message that has the actions, and the one that is being edited.

import { signal } from "../ui.js";

/** The key of the message under the pointer or with the focus. */
export const activeMessage = signal("");

/** The key of the message that is being edited. */
export const editing = signal("");

/** The message whose reaction is being picked, and the button beside which the picker opens. */
export const picking = signal(
  /** @type {{message: import("../../types.d.ts").Message, anchor: HTMLElement} | null} */ (null),
);
