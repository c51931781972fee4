/** Boxes over the lines of text in an image, a scanned page or a film that have words of the query. */

import { createElement } from "../shared/dom.js";
import { removeRepeated } from "./details.js";

/**
 * @import { Evidence, TextLine } from "../shared/types.js"
 * @import { Stage } from "./stage.js"
 */

const SVG = "http://www.w3.org/2000/svg";
// Evidence without these fields applies to the whole time or to the first page.
const FIRST_PAGE = 1;

/**
 * Return the drawing of some lines. Its coordinates are shares of the picture.
 *
 * @param {TextLine[]} lines
 */
function createDrawing(lines) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 1 1");
  drawing.setAttribute("preserveAspectRatio", "none");
  drawing.setAttribute("aria-hidden", "true");
  for (const { quad } of lines) {
    const shape = document.createElementNS(SVG, "polygon");
    shape.setAttribute("points", quad.join(" "));
    drawing.append(shape);
  }
  return drawing;
}

/**
 * Draw boxes over a picture. They follow it when it is zoomed.
 *
 * @param {HTMLElement} picture an image or a player
 * @param {TextLine[]} lines
 * @returns {HTMLElement} the layer with the boxes
 */
export function drawLines(picture, lines) {
  const layer = createElement("div", { className: "textboxes" });
  layer.append(createDrawing(lines));
  const frame = picture.parentElement;
  frame?.append(layer);
  const place = () => {
    if (!frame) return;
    const bounds = picture.getBoundingClientRect();
    const around = frame.getBoundingClientRect();
    layer.style.left = `${bounds.left - around.left + frame.scrollLeft}px`;
    layer.style.top = `${bounds.top - around.top + frame.scrollTop}px`;
    layer.style.width = `${bounds.width}px`;
    layer.style.height = `${bounds.height}px`;
  };
  const observer = new ResizeObserver(place);
  observer.observe(picture);
  if (frame) observer.observe(frame);
  return layer;
}

/**
 * Show where the words of the query are written in what the viewer shows.
 *
 * @param {Stage} stage
 * @param {Evidence[]} evidence
 */
export function showTextBoxes(stage, evidence) {
  for (const old of stage.element.querySelectorAll(".textboxes")) old.remove();
  // Several retrievers may find the same segment.
  const written = removeRepeated(evidence).filter((one) => one.lines?.length);
  stage.pager?.markLines(written);
  if (stage.pager) return;
  const picture = stage.image ?? stage.player ?? stage.element.querySelector("img");
  if (!written.length || !picture) return;
  if (!(picture instanceof HTMLMediaElement)) {
    const lines = written.filter((one) => (one.page ?? FIRST_PAGE) === FIRST_PAGE).flatMap((one) => one.lines ?? []);
    if (lines.length) drawLines(picture, lines);
    return;
  }
  const layers = written.map((one) => ({ one, layer: drawLines(picture, one.lines ?? []) }));
  const update = () => {
    const time = picture.currentTime;
    for (const { one, layer } of layers) layer.hidden = time < (one.start ?? 0) || time >= (one.end ?? Infinity);
  };
  update();
  for (const event of ["timeupdate", "seeked"]) picture.addEventListener(event, update);
}
