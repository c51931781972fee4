/** Drawing a box on an image to search by that region. By keyboard, only the whole image can be searched. */

import { createElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";

/** @import { Crop } from "../shared/types.js" */

// A smaller box is taken for a click. In shares of the width and the height.
const MIN_SIZE = 0.03;

/**
 * Return the box between two points.
 *
 * @param {[x: number, y: number]} from
 * @param {[x: number, y: number]} to
 * @returns {Crop}
 */
export function measureBox([fromX, fromY], [toX, toY]) {
  return [Math.min(fromX, toX), Math.min(fromY, toY), Math.abs(toX - fromX), Math.abs(toY - fromY)];
}

// The longer side of the picture of a region, in pixels.
const REGION_SIZE = 256;

/**
 * Replace an image by a region of it when it is loaded.
 *
 * @param {HTMLImageElement} image
 * @param {Crop | null} crop null for the whole image
 */
export function cutRegion(image, crop) {
  if (!crop) return;
  const cut = () => {
    const [left, top, width, height] = [
      crop[0] * image.naturalWidth,
      crop[1] * image.naturalHeight,
      crop[2] * image.naturalWidth,
      crop[3] * image.naturalHeight,
    ];
    const scale = Math.min(1, REGION_SIZE / Math.max(width, height));
    const canvas = createElement("canvas", { width: Math.ceil(width * scale), height: Math.ceil(height * scale) });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", image.alt);
    canvas.getContext("2d")?.drawImage(image, left, top, width, height, 0, 0, canvas.width, canvas.height);
    image.replaceWith(canvas);
  };
  image.addEventListener("load", cut, { once: true });
}

/**
 * @param {number} value
 * @param {number} start
 * @param {number} length
 */
const getShare = (value, start, length) => Math.min(Math.max((value - start) / length, 0), 1);

/**
 * Let a box be drawn on an image.
 *
 * @param {HTMLImageElement} image
 * @param {(crop: Crop) => void} onCrop called with each box that is drawn
 * @returns {HTMLElement} a frame that contains the image
 */
export function createCropFrame(image, onCrop) {
  const box = createElement("div", { className: "cropbox", hidden: true });
  const frame = createElement("div", { className: "croppable", title: t("view.crop_hint") }, image, box);
  image.draggable = false;
  /** @type {[x: number, y: number] | null} */
  let start = null;

  /**
   * @param {PointerEvent} event
   * @returns {[x: number, y: number]} in shares of the image
   */
  const getPoint = (event) => {
    const bounds = image.getBoundingClientRect();
    return [getShare(event.clientX, bounds.left, bounds.width), getShare(event.clientY, bounds.top, bounds.height)];
  };
  /** @param {Crop} crop */
  const showBox = ([left, top, width, height]) => {
    const bounds = image.getBoundingClientRect();
    const around = frame.getBoundingClientRect();
    box.hidden = false;
    box.style.left = `${bounds.left - around.left + left * bounds.width}px`;
    box.style.top = `${bounds.top - around.top + top * bounds.height}px`;
    box.style.width = `${width * bounds.width}px`;
    box.style.height = `${height * bounds.height}px`;
  };

  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    start = getPoint(event);
    frame.setPointerCapture(event.pointerId);
  });
  frame.addEventListener("pointermove", (event) => {
    if (start) showBox(measureBox(start, getPoint(event)));
  });
  frame.addEventListener("pointercancel", () => {
    start = null;
    box.hidden = true;
  });
  frame.addEventListener("pointerup", (event) => {
    if (!start) return;
    const crop = measureBox(start, getPoint(event));
    start = null;
    if (crop[2] < MIN_SIZE || crop[3] < MIN_SIZE) box.hidden = true;
    else onCrop(/** @type {Crop} */ (crop.map((value) => Number(value.toFixed(4)))));
  });
  return frame;
}
