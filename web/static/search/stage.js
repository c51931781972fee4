/** The main part of the viewer: an image that can be zoomed, a player, or the pages of a document. */

import { getImageAddress, getMediaAddress, getThumbnailAddress } from "../shared/api.js";
import { createElement } from "../shared/dom.js";
import { getFileName } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { createCropFrame } from "./crop.js";
import { streamIfNeeded } from "./streaming.js";

/** @import { Crop, Item } from "../shared/types.js" */

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

export class Stage {
  element = createElement("div", { className: "stage" });
  /** @type {HTMLMediaElement | null} */
  player = null;
  /** @type {HTMLImageElement | null} the image, if the item is one */
  image = null;
  /** @type {HTMLElement | null} where the text of a document without a thumbnail goes */
  paper = null;
  /** @type {HTMLVideoElement | null} the film of a photo while it is played */
  #film = null;
  #zoom = 0; // index of ZOOM_FACTORS
  #fittedWidth = 0;

  /**
   * @param {Item} item
   * @param {number} start where to play a recording from, in seconds
   * @param {(crop: Crop) => void} onCrop called when a box is drawn on an image
   */
  constructor(item, start, onCrop) {
    if (item.type === "image") {
      this.#showImage(item, onCrop);
    } else if (item.type !== "document") {
      this.player = createPlayer(item.type, item, start);
      this.element.append(this.player);
      streamIfNeeded(item, this.player, start, (notice) => this.element.append(notice));
    } else if (item.placeholder) {
      this.element.append(createElement("img", { src: getThumbnailAddress(item), alt: "" }));
    } else {
      this.paper = createElement("div", { className: "paper", tabIndex: 0 });
      this.element.append(this.paper);
    }
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
    this.#zoomTo(this.#zoom + steps);
  }

  resetZoom() {
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
    this.player.play();
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
    if (this.player?.paused) this.player.play();
    else this.player?.pause();
  }

  toggleFullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.element.requestFullscreen?.();
  }
}
