/** The main part of the viewer: an image that can be zoomed, a player, or the pages of a document. */

import { getImageAddress, getMediaAddress } from "../shared/api.js";
import { createElement, startPlaying } from "../shared/dom.js";
import { getFileName, isTimed } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { createCropFrame } from "./crop.js";
import { Pager } from "./pages.js";
import { streamIfNeeded } from "./streaming.js";

/**
 * @import { Crop, Item } from "../shared/types.js"
 * @import { Place } from "./place.js"
 *
 * @typedef {{ segment?: number | null, start?: number | null, page?: number | null }} Target Where something is in an item.
 *
 * @typedef {object} StageOptions
 * @property {string} words the words to mark on pages
 * @property {(crop: Crop) => void} onCrop called when a box is drawn on an image
 * @property {() => void} onMove called when another moment or page is shown
 */

// Relative to the size at which the image fits.
const ZOOM_FACTORS = [1, 1.4, 2, 2.8, 4, 6, 8];

/**
 * @param {"audio" | "video"} type
 * @param {Item} item
 * @param {number} start in seconds
 */
function createPlayer(type, item, start) {
  const player = createElement(type, { controls: true, preload: "metadata", src: getMediaAddress(item.id) });
  player.setAttribute("aria-label", getFileName(item.path));
  player.addEventListener(
    "loadedmetadata",
    () => {
      player.currentTime = start;
    },
    { once: true },
  );
  return player;
}

/** @param {Item} item */
function createPaper(item) {
  const paper = createElement("div", { className: "paper", tabIndex: 0, aria: { label: getFileName(item.path) } });
  paper.setAttribute("role", "group");
  return paper;
}

export class Stage {
  element = createElement("div", { className: "stage" });
  /** @type {HTMLMediaElement | null} */
  player = null;
  /** @type {HTMLImageElement | null} the image, if the item is one */
  image = null;
  /** @type {Pager | null} the pages, if the item is a document that has some */
  pager = null;
  /** @type {HTMLElement | null} where the text of a sound recording, or of any other document, goes */
  paper = null;
  /** @type {((segment: number) => void) | null} scrolls the text to a segment; set when there is a text */
  showSegment = null;
  /** @type {(() => void) | null} called when there is a place for the text after all */
  onPaper = null;
  #item;
  /** @type {HTMLVideoElement | null} the film of a photo while it is played */
  #film = null;
  #zoom = 0; // index of ZOOM_FACTORS
  #fittedWidth = 0;

  /**
   * @param {Item} item
   * @param {Place} place what to show first
   * @param {StageOptions} options
   */
  constructor(item, { time, page, segment }, { words, onCrop, onMove }) {
    this.#item = item;
    if (item.type === "image") {
      this.#showImage(item, onCrop);
    } else if (item.has_pages) {
      this.pager = new Pager(item, { page, segment }, words);
      this.pager.onTurn = onMove;
      this.pager.onFailure = (message) => this.#replacePager(message);
      this.element.append(this.pager.element);
    }
    if (item.type === "audio" || (item.type === "document" && !this.pager)) {
      this.paper = createPaper(item);
      this.element.append(this.paper);
    }
    if (item.type === "audio" || item.type === "video") {
      this.player = createPlayer(item.type, item, time ?? 0);
      for (const event of ["seeked", "pause"]) this.player.addEventListener(event, onMove);
      this.element.append(this.player);
      streamIfNeeded(item, this.player, time ?? 0, (notice) => this.element.append(notice));
    }
  }

  /**
   * Make room for the text of a document whose pages cannot be drawn.
   *
   * @param {string} message the reason
   */
  #replacePager(message) {
    this.paper = createPaper(this.#item);
    this.paper.append(createElement("p", { className: "page-message", role: "status" }, message));
    this.pager?.element.replaceWith(this.paper);
    this.pager = null;
    this.onPaper?.();
  }

  /**
   * Return what is shown: the item with the moment or the page.
   *
   * @returns {Place}
   */
  getPlace() {
    return { id: this.#item.id, time: this.player?.currentTime ?? null, page: this.pager?.page ?? null };
  }

  /**
   * Return whether a place in the item can be shown.
   *
   * @param {Target} target
   */
  canShow({ start, page, segment }) {
    if (this.player) return isTimed({ start });
    return Boolean(this.pager ? page || segment : this.paper && segment);
  }

  /**
   * Play a recording from a place, turn to the page or scroll to the text there.
   *
   * @param {Target} target
   */
  show({ start, page, segment }) {
    if (this.player && isTimed({ start })) this.seek(start ?? 0);
    else if (this.pager) this.pager.show({ page, segment });
    else if (segment) this.showSegment?.(segment);
  }

  /**
   * @param {Item} item
   * @param {(crop: Crop) => void} onCrop
   */
  #showImage(item, onCrop) {
    this.image = createElement("img", { src: getImageAddress(item), alt: getFileName(item.path) });
    this.element.append(createCropFrame(this.image, onCrop));
    this.element.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !this.#zoom && event.deltaY > 0) return;
        event.preventDefault();
        this.zoomBy(event.deltaY < 0 ? 1 : -1);
      },
      { passive: false },
    );
  }

  /**
   * Zoom an image in or out.
   *
   * @param {number} steps
   */
  zoomBy(steps) {
    this.pager?.zoomBy(steps);
    this.#zoomTo(this.#zoom + steps);
  }

  resetZoom() {
    this.pager?.resetZoom();
    this.#zoomTo(0);
  }

  /** @param {number} zoom index of ZOOM_FACTORS */
  #zoomTo(zoom) {
    if (!this.image) return;
    const stage = this.element;
    if (!this.#zoom) this.#fittedWidth = this.image.getBoundingClientRect().width;
    this.#zoom = Math.min(Math.max(zoom, 0), ZOOM_FACTORS.length - 1);
    stage.classList.toggle("zoomed", this.#zoom > 0);
    stage.style.setProperty("--wide", `${Math.round(this.#fittedWidth * (ZOOM_FACTORS[this.#zoom] ?? 1))}px`);
    if (!this.#zoom) return;
    stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2, (stage.scrollHeight - stage.clientHeight) / 2);
  }

  /**
   * Play a recording from a position.
   *
   * @param {number} seconds
   */
  seek(seconds) {
    if (!this.player) return;
    this.player.currentTime = seconds;
    startPlaying(this.player);
  }

  /**
   * Play the film of a photo in its place, or show the photo again.
   *
   * @param {string} address of the film
   */
  toggleFilm(address) {
    const isPlaying = this.#film !== null;
    this.#film?.remove();
    this.#film = null;
    this.element.classList.toggle("playing", !isPlaying);
    if (isPlaying) return;
    this.resetZoom();
    this.#film = createElement("video", { src: address, controls: true, autoplay: true });
    this.#film.setAttribute("aria-label", t("view.film"));
    this.#film.addEventListener("ended", () => this.#film && this.toggleFilm(address));
    this.element.append(this.#film);
  }

  togglePlay() {
    if (this.player?.paused) startPlaying(this.player);
    else this.player?.pause();
  }

  toggleFullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.element.requestFullscreen?.();
  }
}
