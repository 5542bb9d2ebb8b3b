// A file of a message: a preview of a picture, or its name.

import { bytes, download } from "../files.js";
import { t } from "../text.js";
import { html, useEffect, useRef, useState } from "../ui.js";
import { sizeOf } from "./attachments.js";
import { Icon } from "./icons.js";

/** Pictures that browsers show without running anything, up to a size. */
const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];
const MOST_BYTES = 10_000_000;

/** @param {{media: {file_id: string, name?: string, mime?: string, size?: number, deleted?: boolean}}} props */
export function FileMedia({ media }) {
  const { file_id: id, name = "", mime = "", size = 0, deleted = false } = media;
  const [hasFailed, setFailed] = useState(false);
  const shown = name || t("message.attachment");
  if (deleted) return html`<span class="media muted"><${Icon} name="trash" /> ${t("files.deleted", { name: shown })}</span>`;
  const save = () => {
    setFailed(false);
    download(id, shown).catch(() => setFailed(true));
  };
  return html`<div class="file">
    ${PICTURES.includes(mime) && size <= MOST_BYTES && html`<${Preview} id=${id} name=${shown} />`}
    <button type="button" class="media" onClick=${save} title=${t("files.save")}>
      <${Icon} name="attach" /> <span dir="auto">${shown}</span> ${size > 0 && html`<span class="muted">${sizeOf(size)}</span>`}
    </button>
    ${hasFailed && html`<span class="error" role="alert">${t("error.load")}</span>`}
  </div>`;
}

/** A picture, which is loaded when it comes near the screen. @param {{id: string, name: string}} props */
function Preview({ id, name }) {
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const [address, setAddress] = useState("");
  useEffect(() => {
    let made = "";
    let isGone = false;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry?.isIntersecting) return;
        observer.disconnect();
        bytes(id).then(
          (blob) => {
            if (isGone) return;
            made = URL.createObjectURL(blob);
            setAddress(made);
          },
          () => {}, // The name stays, and saving says why.
        );
      },
      { rootMargin: "400px" },
    );
    if (frame.current) observer.observe(frame.current);
    return () => {
      isGone = true;
      observer.disconnect();
      if (made) URL.revokeObjectURL(made);
    };
  }, [id]);
  // The frame has its height before the picture is there, so that nothing jumps.
  return html`<span class="preview" ref=${frame}>${address && html`<img src=${address} alt=${name} />`}</span>`;
}
