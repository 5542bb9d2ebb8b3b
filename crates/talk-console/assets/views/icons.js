// The icons, drawn with lines in the colour of the text.

import { html } from "../ui.js";

const PATHS = {
  attach: "m15.5 8.5-6 6a2.1 2.1 0 0 1-3-3l6.5-6.500a3.7 3.7 0 0 1 5.2 5.200l-7 7a5.3 5.3 0 0 1-7.5-7.500l5.8-5.8",
  back: "m14 5-7 7 7 7",
  bell: "M6 16V10a6 6 0 0 1 12 0v6l1.5 2h-15L6 16Zm4 4.500h4",
  channel: "M9 4 7 20M17 4l-2 16M4.5 9h16M3.5 15h16",
  check: "m5 12.5 4.5 4.500L19 7.5",
  close: "m6 6 12 12M18 6 6 18",
  down: "M12 5v14m-6-6 6 6 6-6",
  edit: "m4 20 1-4L16.5 4.500a2.1 2.1 0 0 1 3 3L8 19l-4 1Z",
  group: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6.5 9a6.5 6.5 0 0 1 13 0M16 4.500a3.5 3.5 0 0 1 0 6.500m2.5 3.500a6.5 6.5 0 0 1 3 5.5",
  history: "M4 12a8 8 0 1 0 2.5-5.800L4 8.500M4 4v4.500h4.500M12 8v4.500l3 1.5",
  inbox: "M4 13 6.500 5h11L20 13v6H4Zm0 0h4.500l1.500 2.500h4l1.500-2.500H20",
  info: "M12 11v6m0-10v.5M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z",
  leave: "M10 20H5V4h5m5 4 4 4-4 4m4-4H9",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4.2 4.2 0 0 0-6-6l-1 1m2 4a4 4 0 0 0-6 0l-3 3a4.2 4.2 0 0 0 6 6l1-1",
  lock: "M6 11h12v9H6zm2.5 0V8a3.5 3.5 0 0 1 7 0v3",
  menu: "M4 6.500h16M4 12h16M4 17.500h16",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  plus: "M12 5v14M5 12h14",
  reply: "m9 7-5 5 5 5m-5-5h9a7 7 0 0 1 7 7",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Zm5-1.500L20 20",
  send: "M4 12 20 4l-6 16-3-7-7-1Z",
  settings: "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm0-12v3m0 12v3M3 12h3m12 0h3M5.6 5.600l2.1 2.100m8.6 8.6 2.1 2.100m0-12.8-2.1 2.100m-8.6 8.6-2.1 2.1",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm-4-7a4.5 4.5 0 0 0 8 0M9 9.500v.5m6-.5v.5",
  thread: "M5 4h14a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-8l-5 4v-4H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1Zm3 5h8m-8 3.500h5",
  trash: "M4 7h16M9 7V4h6v3m3 0-1 13H7L6 7m4 4v5m4-5v5",
  warning: "M12 4 2.5 20h19L12 4Zm0 6v5m0 2.500v.5",
  webhook: "M12 8a3 3 0 1 0-2.5-4.500A3 3 0 0 0 10 7.500L7 13m5-5 3.5 6M6 20a3 3 0 1 0-1-5.800M9 17h7m2 3a3 3 0 1 0-1.5-5.6",
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {{name: IconName}} props */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d=${PATHS[name]} />
  </svg>`;
}

/**
 * A button that shows an icon only.
 * @param {{icon: IconName, label: string, onClick?: (event: MouseEvent) => void, class?: string,
 *   hint?: string, [attribute: string]: unknown}} props
 */
export function IconButton({ icon, label, hint, class: name = "", ...rest }) {
  const title = hint ? `${label} (${hint})` : label;
  return html`<button type="button" class=${`icon-button ${name}`} aria-label=${label} title=${title} ...${rest}>
    <${Icon} name=${icon} />
  </button>`;
}
