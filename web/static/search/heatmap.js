/** The heatmap over an image: the regions that match the query. */

import { readHeatmap } from "../shared/api.js";
import { createButton, createElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { createRequest } from "./request.js";

/** @import { State } from "../shared/types.js" */

// Values below this are transparent.
const MIN_VALUE = 0.35;
const MAX_ALPHA = 190;

/**
 * Return the part of a query that a heatmap can show, as fields of a query string.
 *
 * @param {State} state
 */
function createFields(state) {
  const request = createRequest(state);
  const fields = new URLSearchParams();
  if (request.text) fields.set("text", request.text);
  const likes = request.parts?.filter((part) => (part.weight ?? 1) > 0) ?? [];
  if (likes.length) fields.set("parts", JSON.stringify(likes));
  return fields;
}

/**
 * Draw a heatmap over an image, in yellow to red.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number[][]} rows values from 0 to 1
 * @param {HTMLImageElement} image
 */
function drawHeatmap(canvas, rows, image) {
  const frame = canvas.parentElement;
  const target = canvas.getContext("2d");
  const small = new OffscreenCanvas(rows[0]?.length ?? 1, rows.length || 1);
  const context = small.getContext("2d");
  if (!rows.length || !frame || !target || !context) return canvas.remove();
  const pixels = context.createImageData(small.width, small.height);
  rows.flat().forEach((value, index) => {
    const strength = Math.max(0, (value - MIN_VALUE) / (1 - MIN_VALUE));
    const color = [255, Math.round(190 * (1 - strength)), 30, Math.round(MAX_ALPHA * strength)];
    pixels.data.set(color, index * 4);
  });
  context.putImageData(pixels, 0, 0);
  const bounds = image.getBoundingClientRect();
  const around = frame.getBoundingClientRect();
  canvas.width = bounds.width;
  canvas.height = bounds.height;
  canvas.style.left = `${bounds.left - around.left}px`;
  canvas.style.top = `${bounds.top - around.top}px`;
  target.imageSmoothingQuality = "high";
  target.drawImage(small, 0, 0, canvas.width, canvas.height);
}

/**
 * Return a button that shows and hides the heatmap of an image. It is hidden if the query has nothing to show.
 *
 * @param {number} id of the item
 * @param {State} state
 * @param {() => HTMLImageElement | null} getImage returns the image, inside a frame for the heatmap
 */
export function createHeatmapButton(id, state, getImage) {
  const fields = createFields(state);
  const toggle = async () => {
    const image = getImage();
    const frame = image?.parentElement;
    if (!image || !frame) return;
    const shown = frame.querySelector(".heat");
    if (button.ariaBusy === "true") return;
    if (shown) {
      shown.remove();
      label(false);
      return;
    }
    button.ariaBusy = "true";
    button.textContent = t("view.heatmap_busy");
    const { heatmap } = await readHeatmap(id, fields).catch(() => ({ heatmap: [] }));
    button.ariaBusy = null;
    if (!frame.isConnected) return;
    const canvas = createElement("canvas", { className: "heat" });
    frame.append(canvas);
    drawHeatmap(canvas, heatmap, image);
    label(canvas.isConnected);
  };
  /** @param {boolean} isShown */
  const label = (isShown) => {
    button.setAttribute("aria-pressed", String(isShown));
    button.textContent = t(isShown ? "view.hide_heatmap" : "view.show_heatmap");
  };
  const button = createButton(t("view.show_heatmap"), toggle, { className: "heat-toggle", aria: { pressed: false } });
  button.hidden = ![...fields].length;
  return button;
}
