// The attachments of a message.

import { nameOf } from "../people.js";
import { isAddress } from "../rich.js";
import { html } from "../ui.js";
import { FileMedia } from "./file.js";
import { Icon } from "./icons.js";

/** @typedef {import("../../types.d.ts").Media} Media */

/** @param {{medias: Media[]}} props */
export function Medias({ medias }) {
  if (!medias?.length) return null;
  return html`<ul class="medias">${medias.map((media, at) => html`<li key=${at}><${One} media=${media} /></li>`)}</ul>`;
}

/** @param {{media: any}} props */
function One({ media }) {
  if (media.type === "agent") {
    return html`<span class="media"><${Icon} name="group" /> ${nameOf(media.agent_id)}</span>`;
  }
  if (media.type === "address") {
    const { type, target, target_name, name } = media.address;
    return html`<span class="media"><${Icon} name="link" /> ${target_name || name || type}: ${target}</span>`;
  }
  if (media.type === "file") return html`<${FileMedia} media=${media} />`;
  const address = media.link_url ?? media.url ?? "";
  const text = media.name || address;
  // The server accepts only these schemes. It is checked here too, because a link runs scripts otherwise.
  if (!isAddress(address)) return html`<span class="media">${text}</span>`;
  return html`<a class="media" href=${address} target="_blank" rel="noopener noreferrer nofollow"><${Icon} name="link" /> <span dir="auto">${text}</span></a>`;
}
