/** The dialog that shows one item: its media next to the evidence and details. */

import { readItem } from "../shared/api.js";
import { createElement, createIconButton, getElement } from "../shared/dom.js";
import { isTimed } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { locate } from "../shared/site.js";
import { addItemDetails, createDetails } from "./details.js";
import { isPdf } from "./pages.js";
import { readPlace, writePlace } from "./place.js";
import { Stage } from "./stage.js";
import { showTextBoxes } from "./text-boxes.js";

/**
 * @import { Crop, Hit, Item, State } from "../shared/types.js"
 * @import { Place } from "./place.js"
 *
 * @typedef {object} ViewerOptions
 * @property {() => Hit[]} getEntries
 * @property {() => unknown} loadMore
 * @property {(item: Item, weight: number, crop?: Crop) => void} like
 * @property {(index: number) => void} onClose called with the index of the entry that was shown
 * @property {(message: string) => void} showError
 */

// Elements that play a recording from a position.
const SEEK_ELEMENTS = ".seek, .moment, .mark";
// More entries are loaded when this few are left.
const LOAD_AHEAD = 5;
// Browsers limit how often the address can be changed.
const ADDRESS_PAUSE_MS = 400;

/**
 * Return where in an item something was found.
 *
 * @param {Hit} hit
 * @returns {Place}
 */
function findPlace({ item, evidence }) {
  const time = evidence.find(isTimed)?.start ?? null;
  const segment = evidence.find((one) => one.kind !== "name")?.segment ?? null;
  // The pages of an office document are those of the PDF that it is converted to: the server finds the one to show.
  const page = isPdf(item) ? (evidence.find((one) => one.page)?.page ?? null) : null;
  return { id: item.id, time, page, segment };
}

export class Viewer {
  #options;
  #dialog = getElement("viewer", HTMLDialogElement);
  #index = 0;
  #words = "";
  /** @type {State | null} */
  #state = null;
  /** @type {Stage | null} */
  #stage = null;
  /** @type {Hit | null} an item from the address that is not among the entries */
  #linked = null;
  /** @type {number | undefined} */
  #addressTimer;
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
      if (event.key === " " && isSeekElement && this.#stage?.player) event.preventDefault();
    });
  }

  #handleClose() {
    const isItem = this.#dialog.querySelector(".sheet") !== null;
    this.#dialog.replaceChildren();
    this.#stage = null;
    clearTimeout(this.#addressTimer);
    // The same dialog is used to choose a region of an uploaded image.
    if (!isItem) return;
    if (!this.#linked) this.#options.onClose(this.#index);
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
    history.replaceState(rest, "", this.#getAddress(null));
    this.#dialog.close();
  }

  /**
   * Return the address of the page with another place, or without one.
   *
   * @param {Place | null} place
   */
  #getAddress(place) {
    return location.pathname + writePlace(location.search, place);
  }

  /** Store what is shown in the address, so that it survives a reload. */
  #updateAddress() {
    clearTimeout(this.#addressTimer);
    this.#addressTimer = window.setTimeout(() => {
      const place = this.#stage?.getPlace();
      if (place && this.#dialog.open) history.replaceState(history.state, "", this.#getAddress(place));
    }, ADDRESS_PAUSE_MS);
  }

  /** Return a link to what is shown, without the query. */
  #getLink() {
    return location.origin + locate("/") + writePlace("", this.#stage?.getPlace() ?? null);
  }

  /**
   * Show an entry.
   *
   * @param {number} index
   * @param {string} words the words to highlight
   * @param {State} state
   */
  open(index, words, state) {
    this.#linked = null;
    this.#open(index, words, state, null);
  }

  /**
   * Show the item of the address, if it has one. It may not be among the entries.
   *
   * @param {string} words the words to highlight
   * @param {State} state
   */
  async restore(words, state) {
    const place = readPlace();
    if (!place || this.#dialog.open) return;
    const entries = this.#options.getEntries();
    const index = entries.findIndex((entry) => entry.item.id === place.id);
    this.#linked = null;
    if (index < 0) {
      const item = await readItem(place.id).catch(() => this.#options.showError(t("view.gone")));
      if (!item || this.#dialog.open) return;
      this.#linked = { item, evidence: [], score: 1, relevant: true, stacked: [] };
    }
    // With the page of the results before it in the history, Back closes the viewer.
    if (!history.state?.viewing) history.replaceState(history.state, "", this.#getAddress(null));
    this.#open(index, words, state, place);
  }

  /**
   * @param {number} index -1 for the item of the address
   * @param {string} words
   * @param {State} state
   * @param {Place | null} place
   */
  #open(index, words, state, place) {
    this.#words = words;
    this.#state = state;
    this.#show(index, place);
    if (!this.#dialog.open) {
      const shown = this.#stage && { ...this.#stage.getPlace(), ...place };
      const address = this.#getAddress(shown);
      if (history.state?.viewing) history.replaceState(history.state, "", address);
      else history.pushState({ ...history.state, viewing: true }, "", address);
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
    this.#linked = null;
    this.#show(index);
    this.#updateAddress();
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
      PageUp: () => (stage.pager ? stage.pager.turn(-1) : false),
      PageDown: () => (stage.pager ? stage.pager.turn(1) : false),
    };
    const act = shortcuts[event.key];
    if (act && act() !== false) event.preventDefault();
  }

  #clickHeatmapButton() {
    /** @type {HTMLElement | null} */
    const button = this.#dialog.querySelector(".heat-toggle:not([hidden])");
    button?.click();
  }

  /**
   * @param {number} index
   * @param {Place | null} [place] what of the item to show first; by default what was found
   */
  async #show(index, place = null) {
    this.#index = index;
    this.#latestRequest += 1;
    const thisRequest = this.#latestRequest;
    const entries = this.#options.getEntries();
    const hit = this.#linked ?? entries[index];
    if (!hit || !this.#state) return;
    const { item } = hit;
    const first = findPlace(hit);
    const shown = { ...first, time: place?.time ?? first.time, page: place?.page ?? first.page };
    const stage = new Stage(item, shown, {
      words: this.#words,
      onCrop: (crop) => this.#options.like(item, 1, crop),
      onMove: () => this.#updateAddress(),
    });
    this.#stage = stage;
    const options = {
      words: this.#words,
      state: this.#state,
      stage,
      place: shown,
      getLink: () => this.#getLink(),
      /** @param {number} weight */
      like: (weight) => this.#options.like(item, weight),
    };
    const side = createDetails(hit, options);
    this.#dialog.replaceChildren(
      createElement("div", { className: "sheet" }, stage.element, side),
      createIconButton("‹", t("view.previous"), () => this.#move(-1), {
        className: "turn back",
        disabled: index <= 0,
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
