/** The pages of a PDF or an office document, one at a time, with the words of the query marked. */

import { getPageAddress, getThumbnailAddress, PAGE_WIDTHS, readPage, readPageOfSegment } from "../shared/api.js";
import { createElement, createIconButton } from "../shared/dom.js";
import { getErrorMessage } from "../shared/errors.js";
import { t } from "../shared/i18n.js";

/**
 * @import { Evidence, Item, PageOutline, TextLine } from "../shared/types.js"
 * @import { Target } from "./stage.js"
 */

// A page is not wider than this, in CSS pixels, unless it is enlarged.
const MAX_WIDTH = 900;
const ZOOM_FACTORS = [1, 1.4, 2, 2.8];
// Left above the first mark when a page is scrolled to it, as a share of the visible height.
const MARK_OFFSET = 0.25;
// An office document is converted before its first page is shown. The reader sees a message about it after this time.
const WAITING_MS = 500;

/**
 * Return the width in which a page is requested: as many pixels as the screen shows.
 *
 * @param {number} width in CSS pixels
 * @param {number} ratio pixels of the screen per CSS pixel
 */
export function choosePageWidth(width, ratio) {
  return PAGE_WIDTHS.find((one) => one >= width * ratio) ?? PAGE_WIDTHS.at(-1) ?? width;
}

/**
 * Return the left, the top, the width and the height of a line as shares of its page.
 *
 * @param {TextLine} line
 * @returns {[number, number, number, number]}
 */
function frameLine({ quad }) {
  const [across, down] = [quad.filter((_, at) => at % 2 === 0), quad.filter((_, at) => at % 2 === 1)];
  const [left, top] = [Math.min(...across), Math.min(...down)];
  return [left, top, Math.max(...across) - left, Math.max(...down) - top];
}

/** @param {Item} item whether the numbers of pages of its passages are those of the pages that are drawn */
export const isPdf = (item) => /\.pdf$/i.test(item.path);

export class Pager {
  element = createElement("div", { className: "pager" });
  page;
  /** @type {((page: number) => void) | null} called with each other page that is shown */
  onTurn = null;
  /** @type {((message: string) => void) | null} called if an office document cannot be converted, with the reason */
  onFailure = null;
  #item;
  #words;
  #count = 0;
  #zoom = 0;
  /** @type {number | null} the passage whose page is shown; null if a page was chosen */
  #segment = null;
  #latestRequest = 0;
  /** @type {PageOutline | null} */
  #outline = null;
  /** @type {Evidence[]} */
  #found = [];
  #image = createElement("img", { alt: "", decoding: "async" });
  #marks = createElement("div", { className: "page-marks", aria: { hidden: true } });
  #frame = createElement("div", { className: "page" }, this.#image, this.#marks);
  #message = createElement("p", { className: "page-message" });
  #note = createElement("p", { className: "page-message" });
  #view = createElement("div", { className: "page-view", tabIndex: 0 }, this.#frame, this.#message, this.#note);
  #field = createElement("input", { type: "number", min: "1", value: "1", aria: { label: t("pages.number") } });
  #total = createElement("span", {});
  #back = createIconButton("↑", t("pages.previous"), () => this.turn(-1));
  #on = createIconButton("↓", t("pages.next"), () => this.turn(1));

  /**
   * @param {Item} item
   * @param {Target} target the page, or the passage, to show first
   * @param {string} words the words to mark
   */
  constructor(item, { page, segment }, words) {
    this.#item = item;
    this.#words = words.trim();
    this.page = page ?? 1;
    if (!page) this.#segment = segment ?? null;
    this.#view.setAttribute("role", "group");
    for (const line of [this.#message, this.#note]) line.setAttribute("role", "status");
    this.#field.addEventListener("change", () => this.goTo(Number(this.#field.value)));
    const smaller = createIconButton("−", t("pages.smaller"), () => this.zoomBy(-1));
    const larger = createIconButton("+", t("pages.larger"), () => this.zoomBy(1));
    const bar = createElement("div", { className: "page-bar" }, this.#back, this.#field, this.#total, this.#on);
    bar.append(smaller, larger);
    this.element.append(this.#view, bar);
    // The size is known when the pager is in the document.
    new ResizeObserver(() => this.#draw()).observe(this.#view);
    this.#read();
  }

  /** @param {number} step */
  turn(step) {
    this.goTo(this.page + step);
  }

  /** @param {number} page */
  goTo(page) {
    const wanted = Math.min(Math.max(Math.trunc(page) || 1, 1), this.#count || 1);
    this.#field.value = String(wanted);
    if (wanted === this.page && !this.#message.textContent) return;
    this.page = wanted;
    this.#segment = null;
    this.onTurn?.(wanted);
    this.#read();
  }

  /**
   * Turn to the page that something is on.
   *
   * @param {Target} target
   */
  show({ page, segment }) {
    if (page && (isPdf(this.#item) || !segment)) {
      this.goTo(page);
    } else if (segment) {
      this.#segment = segment;
      this.#read();
    }
  }

  /**
   * Mark lines that were read in the images of pages.
   *
   * @param {Evidence[]} found
   */
  markLines(found) {
    this.#found = found;
    if (this.#outline) this.#showMarks(this.#outline);
  }

  /** @param {number} steps */
  zoomBy(steps) {
    this.#zoom = Math.min(Math.max(this.#zoom + steps, 0), ZOOM_FACTORS.length - 1);
    this.#draw();
  }

  resetZoom() {
    this.zoomBy(-ZOOM_FACTORS.length);
  }

  async #read() {
    this.#latestRequest += 1;
    this.#outline = null;
    const thisRequest = this.#latestRequest;
    this.#view.setAttribute("aria-busy", "true");
    this.#marks.replaceChildren();
    const waiting = setTimeout(() => this.#showNote(t("pages.preparing")), WAITING_MS);
    this.#draw();
    try {
      const outline = await this.#request();
      if (thisRequest === this.#latestRequest) this.#show(outline);
    } catch (error) {
      if (thisRequest === this.#latestRequest) this.#showProblem(getErrorMessage(error));
    }
    clearTimeout(waiting);
    if (thisRequest === this.#latestRequest) this.#view.removeAttribute("aria-busy");
  }

  #request() {
    const { id } = this.#item;
    return this.#segment === null
      ? readPage(id, this.page, this.#words)
      : readPageOfSegment(id, this.#segment, this.#words);
  }

  /** @param {string} text what is done meanwhile */
  #showNote(text) {
    if (!this.#count) this.#note.textContent = text;
  }

  /** @param {PageOutline} outline */
  #show({ page, pages, width, height, boxes }) {
    this.#count = pages;
    this.#message.textContent = "";
    this.#note.textContent = "";
    this.#segment = null;
    if (page !== this.page) {
      this.page = page;
      this.onTurn?.(page);
    }
    this.#draw();
    this.#frame.style.aspectRatio = `${width} / ${height}`;
    this.#field.max = String(pages);
    this.#field.value = String(page);
    this.#total.textContent = t("pages.count", { n: pages });
    this.#back.disabled = page === 1;
    this.#on.disabled = page === pages;
    const label = t("pages.page", { page, pages });
    this.#image.alt = label;
    this.#view.setAttribute("aria-label", label);
    this.#outline = { page, pages, width, height, boxes };
    this.#showMarks(this.#outline);
  }

  /** @param {PageOutline} outline */
  #showMarks({ page, boxes: written }) {
    const lines = this.#found.filter((one) => (one.page ?? 1) === page).flatMap((one) => one.lines ?? []);
    const boxes = [...written, ...lines.map(frameLine)];
    const marks = boxes.map((box) => {
      const mark = createElement("span", {});
      const [left, top, boxWidth, boxHeight] = box.map((share) => `${share * 100}%`);
      Object.assign(mark.style, { left, top, width: boxWidth, height: boxHeight });
      return mark;
    });
    this.#marks.replaceChildren(...marks);
    const first = Math.min(...boxes.map((box) => box[1]), 1);
    const start = boxes.length ? first * this.#frame.clientHeight - MARK_OFFSET * this.#view.clientHeight : 0;
    this.#view.scrollTo({ top: Math.max(start, 0) });
  }

  /** @param {string} message */
  #showProblem(message) {
    this.#note.textContent = "";
    this.#message.textContent = message;
    if (!this.#count && !isPdf(this.#item)) this.onFailure?.(message);
    if (this.#item.placeholder) this.#image.src = getThumbnailAddress(this.#item);
  }

  /** Request the image in the resolution of the screen, if it is not shown yet. */
  #draw() {
    const { paddingLeft, paddingRight } = getComputedStyle(this.#view);
    const available = this.#view.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
    if (!(available > 0)) return;
    const width = Math.min(available, MAX_WIDTH) * (ZOOM_FACTORS[this.#zoom] ?? 1);
    this.#frame.style.width = `${width}px`;
    const address = getPageAddress(this.#item.id, this.page, choosePageWidth(width, devicePixelRatio));
    // Until it is known which page a passage is on, no page is requested; neither before a document is converted.
    if (this.#segment !== null || !(this.#count || isPdf(this.#item)) || this.#message.textContent) return;
    if (this.#image.getAttribute("src") !== address) this.#image.src = address;
  }
}
