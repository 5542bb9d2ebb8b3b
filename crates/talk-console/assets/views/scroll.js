// The place of the reader in a list whose rows change above and below.
//
// Before each change the first visible row is remembered; after it, the row is put where it was. At the
// end of the list the end stays in view instead.

/** Pixels from the end within which the list follows it. */
const NEAR = 60;

/** Keeps the place in one scrolling element. */
export class Place {
  constructor() {
    /** @type {HTMLElement | null} */
    this.box = null;
    this.isAtEnd = true;
    this.isFirst = true;
    /** The row that keeps its place. */
    this.anchor = /** @type {{id: string, top: number} | null} */ (null);
    /** The row to show once it is there. */
    this.wanted = "";
    this.observer = new ResizeObserver(() => this.#settle());
  }

  /** @param {HTMLElement} box */
  attach(box) {
    this.box = box;
    this.observer.observe(box);
    const list = box.querySelector("ol");
    if (list) this.observer.observe(list);
  }

  detach() {
    this.observer.disconnect();
    this.box = null;
  }

  /** Remembers the place after the reader has scrolled. */
  scrolled() {
    const { box } = this;
    if (!box) return;
    this.isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    this.#remember();
  }

  /** Follows the end from now on. */
  stick() {
    this.isAtEnd = true;
    this.anchor = null;
    this.#settle();
  }

  /**
   * Shows a message, at once or when it is there.
   * @param {string} id
   */
  seek(id) {
    this.wanted = id;
    this.#settle();
  }

  /**
   * Puts the list back into its place after a change.
   * @param {boolean} hasEnd whether the end of the list is the newest message
   * @param {string | undefined} first the first unread message, shown when the list is opened
   */
  restore(hasEnd, first) {
    if (this.isFirst && this.box?.querySelector("[data-message]")) {
      this.isFirst = false;
      if (first && !this.wanted) {
        this.box.scrollTop = this.box.scrollHeight;
        const row = this.#row(first);
        const isAbove = row && row.getBoundingClientRect().top < this.box.getBoundingClientRect().top + 40;
        if (isAbove) {
          this.wanted = first;
          this.isQuiet = true;
        }
      }
    }
    if (!hasEnd) this.isAtEnd = false;
    this.#settle();
  }

  #settle() {
    const { box } = this;
    if (!box) return;
    const row = this.wanted && this.#row(this.wanted);
    if (row) {
      const isQuiet = this.isQuiet ?? false;
      this.wanted = "";
      this.isQuiet = false;
      this.isAtEnd = false;
      box.scrollTop += row.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 4;
      if (!isQuiet) {
        row.classList.remove("flash");
        void row.offsetWidth; // Restarts the animation.
        row.classList.add("flash");
        row.focus({ preventScroll: true });
      }
      this.#remember();
    } else if (this.isAtEnd) {
      box.scrollTop = box.scrollHeight;
      this.#remember();
    } else if (this.anchor) {
      const anchor = this.#row(this.anchor.id);
      if (!anchor) return;
      const moved = anchor.getBoundingClientRect().top - box.getBoundingClientRect().top - this.anchor.top;
      if (Math.abs(moved) >= 1) box.scrollTop += moved;
    }
  }

  /** Remembers the first row that is in view. */
  #remember() {
    const { box } = this;
    if (!box) return;
    const top = box.getBoundingClientRect().top;
    const rows = box.querySelectorAll("[data-message]");
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) <= top) low = middle + 1;
      else high = middle;
    }
    const row = /** @type {HTMLElement | undefined} */ (rows[low]);
    this.anchor = row ? { id: row.dataset.message ?? "", top: row.getBoundingClientRect().top - top } : null;
  }

  /**
   * @param {string} id
   * @returns {HTMLElement | null}
   */
  #row(id) {
    return this.box?.querySelector(`[data-message="${CSS.escape(id)}"]`) ?? null;
  }
}
