/** The dialog that shows one item: its media next to the evidence and details. */

import { readItem } from "../shared/api.js";
import { createElement, createIconButton, getElement } from "../shared/dom.js";
import { isTimed } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { addItemDetails, createDetails } from "./details.js";
import { Stage } from "./stage.js";
import { showTextBoxes } from "./text-boxes.js";

/**
 * @import { Crop, Hit, Item, State } from "../shared/types.js"
 *
 * @typedef {object} ViewerOptions
 * @property {() => Hit[]} getEntries
 * @property {() => unknown} loadMore
 * @property {(item: Item, weight: number, crop?: Crop) => void} like
 * @property {(index: number) => void} onClose called with the index of the entry that was shown
 */

// Elements that play a recording from a position.
const SEEK_ELEMENTS = ".seek, .moment, .mark";
// More entries are loaded when this few are left.
const LOAD_AHEAD = 5;

export class Viewer {
  #options;
  #dialog = getElement("viewer", HTMLDialogElement);
  #index = 0;
  #words = "";
  /** @type {State | null} */
  #state = null;
  /** @type {Stage | null} */
  #stage = null;
  #latestRequest = 0;
  #isGoingBack = false;

  /** @param {ViewerOptions} options */
  constructor(options) {
    this.#options = options;
    const dialog = this.#dialog;
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    dialog.addEventListener("close", () => this.#handleClose());
    dialog.addEventListener("keydown", (event) => this.#handleKey(event));
    // Some browsers click a button when the space bar is released, even if the keydown event was canceled.
    dialog.addEventListener("keyup", (event) => {
      const isSeekElement = event.target instanceof Element && event.target.matches(SEEK_ELEMENTS);
      if (event.key === " " && isSeekElement) event.preventDefault();
    });
  }

  #handleClose() {
    const isItem = this.#dialog.querySelector(".sheet") !== null;
    this.#dialog.replaceChildren();
    this.#stage = null;
    // The same dialog is used to choose a region of an uploaded image.
    if (!isItem) return;
    this.#options.onClose(this.#index);
    // Remove the history entry that lets Back close the viewer.
    if (history.state?.viewing) {
      this.#isGoingBack = true;
      history.back();
    }
  }

  /**
   * Handle a step through the history.
   *
   * @returns {boolean} whether the step was only about the viewer
   */
  handlePopState() {
    if (this.#isGoingBack) {
      this.#isGoingBack = false;
      return true;
    }
    if (!this.#dialog.open) return false;
    this.#dialog.close();
    return true;
  }

  /** Close the viewer before another search, which reuses the history entry of the viewer. */
  close() {
    if (!this.#dialog.open) return;
    const { viewing: _, ...rest } = history.state ?? {};
    history.replaceState(rest, "");
    this.#dialog.close();
  }

  /**
   * Show an entry.
   *
   * @param {number} index
   * @param {string} words the words to highlight
   * @param {State} state
   */
  open(index, words, state) {
    this.#words = words;
    this.#state = state;
    this.#show(index);
    if (!this.#dialog.open) {
      history.pushState({ ...history.state, viewing: true }, "");
      this.#dialog.showModal();
    }
    this.#dialog.focus();
  }

  /** @param {number} step */
  #move(step) {
    const count = this.#options.getEntries().length;
    const index = this.#index + step;
    if (index < 0 || index >= count) return;
    if (index > count - LOAD_AHEAD) this.#options.loadMore();
    this.#show(index);
  }

  /** @param {KeyboardEvent} event */
  #handleKey(event) {
    const { target } = event;
    const stage = this.#stage;
    if (!stage || !(target instanceof Element)) return;
    if (/^(INPUT|SELECT)$/.test(target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    const isPlayer = target === stage.player;
    // On an element that seeks, the space bar plays and pauses; on any other button it clicks.
    const isButton = target.tagName === "BUTTON" && !target.matches(SEEK_ELEMENTS);
    /** @type {Record<string, () => unknown>} handlers that return false leave the key to the browser */
    const shortcuts = {
      ArrowLeft: () => !isPlayer && this.#move(-1),
      ArrowRight: () => !isPlayer && this.#move(1),
      " ": () => (stage.player && !isPlayer && !isButton ? stage.togglePlay() : false),
      f: () => stage.toggleFullscreen(),
      i: () => void this.#dialog.classList.toggle("bare"),
      h: () => this.#clickHeatmapButton(),
      "+": () => stage.zoomBy(1),
      "-": () => stage.zoomBy(-1),
      0: () => stage.resetZoom(),
    };
    const act = shortcuts[event.key];
    if (act && act() !== false) event.preventDefault();
  }

  #clickHeatmapButton() {
    /** @type {HTMLElement | null} */
    const button = this.#dialog.querySelector(".heat-toggle:not([hidden])");
    button?.click();
  }

  /** @param {number} index */
  async #show(index) {
    this.#index = index;
    this.#latestRequest += 1;
    const thisRequest = this.#latestRequest;
    const entries = this.#options.getEntries();
    const hit = entries[index];
    if (!hit || !this.#state) return;
    const { item } = hit;
    const start = hit.evidence.find(isTimed)?.start ?? 0;
    const stage = new Stage(item, start, (crop) => this.#options.like(item, 1, crop));
    this.#stage = stage;
    const options = {
      words: this.#words,
      state: this.#state,
      stage,
      /** @param {number} weight */
      like: (weight) => this.#options.like(item, weight),
    };
    const side = createDetails(hit, options);
    this.#dialog.replaceChildren(
      createElement("div", { className: "sheet" }, stage.element, side),
      createIconButton("‹", t("view.previous"), () => this.#move(-1), {
        className: "turn back",
        disabled: index === 0,
      }),
      createIconButton("›", t("view.next"), () => this.#move(1), {
        className: "turn on",
        disabled: index === entries.length - 1,
      }),
      createIconButton("×", t("view.close"), () => this.#dialog.close(), { className: "close" }),
    );
    showTextBoxes(stage, hit.evidence);
    const fullItem = await readItem(item.id).catch(() => null);
    if (fullItem && thisRequest === this.#latestRequest) addItemDetails(side, fullItem, hit, options);
  }
}
