/** A grid of any length. All rows are computed, but only the cards near the window are in the document. */

import { GAP, computeLayout, findRowIndex } from "./layout.js";

/**
 * @import { Hit } from "../shared/types.js"
 * @import { Row } from "./layout.js"
 *
 * @typedef {object} GridOptions
 * @property {(entry: Hit, index: number, width: number) => HTMLElement} createCard
 * @property {(entry: Hit) => number} getRatio width of the image area of a card divided by its height
 * @property {((entry: Hit) => string | null) | null} [getDivider] the divider above an entry
 * @property {() => unknown} [loadMore] called when the end of the grid is near
 *
 * @typedef {{ row: Row, left?: number, width?: number }} Cell
 * @typedef {number | `h${number}`} Key The index of an entry, or `h` and the index of the first entry below a heading.
 */

// The height of the text area of a card, in pixels.
const CAPTION_HEIGHT = 62;
// How far above and below the window cards are created, and how far from the end more is loaded, in window heights.
const OVERSCAN = 1.2;
const LOAD_AHEAD = 2.5;
const NARROW_WINDOW = 700;

const getMaxFace = () => (innerWidth < NARROW_WINDOW ? 150 : 210);

export class Grid {
  #container;
  #options;
  /** @type {Row[]} */
  #rows = [];
  /** @type {Hit[]} */
  #entries = [];
  /** @type {Map<Key, HTMLElement>} */
  #elements = new Map();
  #width = 0;
  #height = 0;
  #isScheduled = false;

  /**
   * The group heading above an entry; without groups, null.
   *
   * @type {((entry: Hit) => string | null) | null}
   */
  getGroup = null;

  /**
   * @param {HTMLElement} container
   * @param {GridOptions} options
   */
  constructor(container, options) {
    this.#container = container;
    this.#options = options;
    addEventListener("scroll", () => this.#schedule(), { passive: true });
    new ResizeObserver(() => {
      if (container.clientWidth !== this.#width) this.#layOut();
    }).observe(container);
  }

  get entries() {
    return this.#entries;
  }

  /** @param {Hit[]} entries */
  set(entries) {
    this.#entries = entries;
    this.#elements.forEach((element) => element.remove());
    this.#elements.clear();
    this.#layOut();
  }

  /** @param {Hit[]} entries */
  append(entries) {
    this.#entries = this.#entries.concat(entries);
    this.#layOut();
    // These may not fill the window: when they are shown, more can be loaded.
    this.#schedule();
  }

  /**
   * Call a function for each card in the document.
   *
   * @param {(card: HTMLElement, entry: Hit) => void} act
   */
  forEachCard(act) {
    for (const [key, card] of this.#elements) {
      const entry = typeof key === "number" ? this.#entries[key] : null;
      if (entry) act(card, entry);
    }
  }

  /**
   * Scroll to an entry and give it the focus.
   *
   * @param {number} index
   */
  focus(index) {
    const row = this.#findRow(index);
    if (!row) return;
    const top = this.#container.getBoundingClientRect().top + scrollY + row.top;
    const above = document.querySelector("header")?.offsetHeight ?? 0;
    if (top < scrollY + above || top + row.height > scrollY + innerHeight) scrollTo({ top: top - above - 20 });
    this.#render();
    /** @type {HTMLElement | null | undefined} */
    const button = this.#elements.get(index)?.querySelector("button.open");
    button?.focus({ preventScroll: true });
  }

  /**
   * Return the number of entries in the row of an entry.
   *
   * @param {number} index
   */
  getRowLength(index) {
    return this.#findRow(index)?.count ?? 1;
  }

  /** @param {number} index */
  #findRow(index) {
    return this.#rows.find((row) => index >= row.first && index < row.first + row.count);
  }

  #layOut() {
    this.#width = this.#container.clientWidth;
    if (!this.#width) return;
    const { getRatio, getDivider } = this.#options;
    const layout = computeLayout(this.#entries, {
      width: this.#width,
      maxFace: getMaxFace(),
      caption: CAPTION_HEIGHT,
      getRatio,
      getDivider,
      getGroup: this.getGroup,
    });
    this.#rows = layout.rows;
    this.#height = layout.height;
    this.#container.style.height = `${layout.height}px`;
    for (const [key, card] of this.#elements) {
      if (typeof key !== "number" || key in this.#entries) continue;
      card.remove();
      this.#elements.delete(key);
    }
    this.#render(true);
  }

  #schedule() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(() => {
      this.#isScheduled = false;
      this.#render();
    });
  }

  /** @param {boolean} [hasMoved] whether elements that are in the document may have to move */
  #render(hasMoved = false) {
    const offset = this.#container.getBoundingClientRect().top;
    const cells = this.#listCells(-offset - innerHeight * OVERSCAN, -offset + innerHeight * (1 + OVERSCAN));
    for (const [key, element] of this.#elements) {
      if (cells.has(key) || element.contains(document.activeElement)) continue;
      element.remove();
      this.#elements.delete(key);
    }
    const added = document.createDocumentFragment();
    for (const [key, cell] of cells) {
      let element = this.#elements.get(key);
      if (element && !hasMoved) continue;
      if (!element) {
        element = this.#createElement(key, cell);
        this.#elements.set(key, element);
        added.append(element);
      }
      this.#place(element, cell);
    }
    if (added.childElementCount) {
      this.#container.append(added);
      this.#sort();
    }
    if (this.#height + offset < innerHeight * LOAD_AHEAD) this.#options.loadMore?.();
  }

  /**
   * Return the headings and cards between two positions.
   *
   * @param {number} low in pixels from the top of the grid
   * @param {number} high in pixels from the top of the grid
   */
  #listCells(low, high) {
    /** @type {Map<Key, Cell>} */
    const cells = new Map();
    for (const row of this.#rows.slice(findRowIndex(this.#rows, low), findRowIndex(this.#rows, high) + 1)) {
      if (row.heading !== undefined) cells.set(`h${row.first}`, { row });
      let left = 0;
      for (const [at, entry] of this.#entries.slice(row.first, row.first + row.count).entries()) {
        const width = (row.face ?? 0) * this.#options.getRatio(entry);
        cells.set(row.first + at, { row, left, width });
        left += width + GAP;
      }
    }
    return cells;
  }

  /** Put the elements in the order of the entries, for the focus and for screen readers. */
  #sort() {
    /** @param {Key} key */
    const getOrder = (key) => (typeof key === "string" ? Number(key.slice(1)) - 0.5 : key);
    const ordered = [...this.#elements].sort(([one], [other]) => getOrder(one) - getOrder(other));
    /** @type {Element | null} */
    let previous = null;
    for (const [, element] of ordered) {
      /** @type {Element | null} */
      const next = previous ? previous.nextElementSibling : this.#container.firstElementChild;
      if (next !== element && !element.contains(document.activeElement)) this.#container.insertBefore(element, next);
      previous = element;
    }
  }

  /**
   * @param {Key} key
   * @param {Cell} cell
   */
  #createElement(key, { row, width = 0 }) {
    const entry = typeof key === "number" ? this.#entries[key] : null;
    if (typeof key !== "number" || !entry) return createHeading(row);
    const card = this.#options.createCard(entry, key, width);
    card.setAttribute("aria-posinset", String(key + 1));
    card.setAttribute("aria-setsize", String(this.#entries.length));
    return card;
  }

  /**
   * @param {HTMLElement} element
   * @param {Cell} cell
   */
  #place(element, { row, left = 0, width = this.#width }) {
    element.style.transform = `translate(${left}px, ${row.top}px)`;
    element.style.width = `${width}px`;
    element.style.height = `${row.height}px`;
    if (row.face) element.style.setProperty("--face", `${row.face}px`);
  }
}

/** @param {Row} row */
function createHeading(row) {
  const heading = document.createElement("h2");
  heading.textContent = row.heading ?? "";
  // Children of a list must be list items. Screen readers still announce the heading inside.
  const element = document.createElement("div");
  element.className = row.isDivider ? "group divider" : "group";
  element.setAttribute("role", "listitem");
  element.append(heading);
  return element;
}
