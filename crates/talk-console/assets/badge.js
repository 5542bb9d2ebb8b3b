// The number of unread messages in the title, and mentions on the icon.

/** The name of the place that is shown. */
let place = "";
let shown = { messages: 0, mentions: 0 };

const SIZE = 64;

/** @param {string} name */
export function setPlace(name) {
  place = name;
  showTitle();
}

/**
 * @param {number} messages
 * @param {number} mentions
 */
export function showBadge(messages, mentions) {
  const hadMentions = shown.mentions > 0;
  shown = { messages, mentions };
  showTitle();
  if (hadMentions !== mentions > 0) drawIcon(mentions > 0);
}

function showTitle() {
  const count = shown.mentions ? `(${shown.mentions}) ` : shown.messages ? "• " : "";
  document.title = `${count}${place ? `${place} · ` : ""}Talk`;
}

const link = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
const plain = link?.href;

/** @param {boolean} hasDot */
function drawIcon(hasDot) {
  if (!hasDot) {
    link.href = plain;
    return;
  }
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIZE;
    const pen = canvas.getContext("2d");
    if (!pen || !shown.mentions) return;
    pen.drawImage(image, 0, 0, SIZE, SIZE);
    pen.fillStyle = "#dc2626";
    pen.beginPath();
    pen.arc(SIZE - 16, 16, 15, 0, 2 * Math.PI);
    pen.fill();
    link.href = canvas.toDataURL("image/png");
  };
  image.src = plain;
}
