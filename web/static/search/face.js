/** The upper part of a card: a thumbnail, a waveform or words. */

import { getMediaAddress, getThumbnailAddress, readFirstPassage } from "../shared/api.js";
import { createElement, highlightWords } from "../shared/dom.js";
import { formatTime, getFileName, isTimed } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { describeItem } from "./machine-tags.js";
import { getPictureTime } from "./moment.js";
import { drawWaveform } from "./waveform.js";

/** @import { Evidence, Hit, Item, TimedEvidence } from "../shared/types.js" */

// How long the pointer must rest on a video before it plays.
const HOVER_DELAY_MS = 250;
// The widths of the small thumbnails, in pixels; the default thumbnail has 512.
const THUMBNAIL_SIZES = [128, 256];
const PLACEHOLDER = { width: 4, height: 3 };

/**
 * Return whether an item has a thumbnail: audio has one if it has a cover, documents if they were rendered.
 *
 * @param {Item} item
 */
export const hasThumbnail = (item) => item.type === "image" || item.type === "video" || Boolean(item.placeholder);

/**
 * Return the width of the face of a card divided by its height.
 *
 * @param {{ item: Item }} hit
 */
export function getAspectRatio({ item }) {
  if (item.type === "document") return hasThumbnail(item) ? 0.75 : 1.5;
  if (!item.width || !item.height) return 1.5;
  return Math.min(Math.max(item.width / item.height, 0.6), 2.6);
}

/**
 * @param {Evidence | undefined} passage
 * @param {string} words
 * @param {Item} item
 */
function createQuote(passage, words, item) {
  const text = passage ? highlightWords(`“${passage.snippet}”`, words) : getFileName(item.path);
  return createElement("blockquote", {}, text);
}

/**
 * @param {Item} item
 * @param {Evidence | undefined} passage
 * @param {string} words
 * @param {TimedEvidence[]} moments
 */
function createSoundFace(item, passage, words, moments) {
  const canvas = createElement("canvas", { className: "wave", width: 480, height: 96, aria: { hidden: true } });
  drawWaveform(canvas, item, moments);
  return createElement("div", { className: "sound" }, canvas, passage ? createQuote(passage, words, item) : null);
}

/**
 * Return the first passage of a document.
 *
 * @param {Item} item
 */
function createOpening(item) {
  const quote = createElement("blockquote", { className: "opening" });
  const name = getFileName(item.path);
  readFirstPassage(item.id).then(
    ({ segments }) => quote.append(segments[0]?.text ?? name),
    () => quote.append(name),
  );
  return quote;
}

/**
 * @param {Item} item
 * @param {TimedEvidence | undefined} moment
 * @param {number} width in pixels
 * @param {() => Node} createFallback
 */
function createThumbnail(item, moment, width, createFallback) {
  const image = createElement("img", { alt: describeItem(item), loading: "lazy", decoding: "async" });
  image.addEventListener("load", () => image.classList.add("loaded"), { once: true });
  image.addEventListener("error", () => image.replaceWith(createFallback()), { once: true });
  if (item.type !== "video" || !moment) {
    const address = getThumbnailAddress(item);
    const small = THUMBNAIL_SIZES.map((size) => `${address}?size=${size} ${size}w`);
    image.srcset = [...small, `${address} 512w`].join(", ");
    image.sizes = `${Math.round(width)}px`;
  }
  image.src = getThumbnailAddress(item, moment ? getPictureTime(moment) : null);
  return image;
}

/**
 * Play a video while the pointer rests on its card.
 *
 * @param {HTMLElement} face
 * @param {Item} item
 * @param {number} start in seconds
 */
function playOnHover(face, item, start) {
  /** @type {number | undefined} */
  let timer;
  /** @type {HTMLVideoElement | null} */
  let video = null;
  const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  const play = () => {
    const source = `${getMediaAddress(item.id)}#t=${start}`;
    video = createElement("video", { muted: true, loop: true, playsInline: true, preload: "auto", src: source });
    video.setAttribute("aria-hidden", "true");
    video.tabIndex = -1;
    video.addEventListener("playing", () => video?.classList.add("loaded"), { once: true });
    face.append(video);
    video.play().catch(() => {});
  };
  face.addEventListener("pointerenter", (event) => {
    if (event.pointerType === "touch" || reducedMotion.matches) return;
    timer = window.setTimeout(play, HOVER_DELAY_MS);
  });
  face.addEventListener("pointerleave", () => {
    clearTimeout(timer);
    if (!video) return;
    // Without a source, the browser stops the download.
    video.removeAttribute("src");
    video.load();
    video.remove();
    video = null;
  });
}

/**
 * Draw the colors of an image, blurred by the style sheet, until its thumbnail is loaded.
 *
 * @param {HTMLElement} face
 * @param {string} placeholder
 */
function drawPlaceholder(face, placeholder) {
  const { width, height } = PLACEHOLDER;
  const canvas = createElement("canvas", { className: "blur", width, height, aria: { hidden: true } });
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const color = Number.parseInt(placeholder.slice(pixel * 6, pixel * 6 + 6), 16);
    image.data.set([color >> 16, (color >> 8) & 255, color & 255, 255], pixel * 4);
  }
  context.putImageData(image, 0, 0);
  face.prepend(canvas);
}

/**
 * @param {Hit} hit
 * @param {TimedEvidence | undefined} moment
 */
function createBadges({ item, stacked }, moment) {
  const badges = [];
  if (stacked?.length) {
    const title = t("hit.stacked", { n: stacked.length });
    badges.push(createElement("span", { className: "badge stack", title }, `+${stacked.length}`));
  }
  if (item.type !== "image") {
    const seconds = moment ? moment.start : item.duration;
    const time = moment || seconds ? formatTime(seconds ?? 0) : "";
    const text = [t(`kind.${item.type}`), time].filter(Boolean).join(" ");
    badges.push(createElement("span", { className: "badge" }, text));
  }
  return badges;
}

/**
 * Return the face of the card of a result.
 *
 * @param {Hit} hit
 * @param {string} words the words to highlight
 * @param {number} width in pixels
 */
export function createFace(hit, words, width) {
  const { item } = hit;
  const face = createElement("div", { className: "face" });
  const moments = hit.evidence.filter(isTimed);
  const passage = hit.evidence.find((evidence) => evidence.snippet && !["name", "place"].includes(evidence.kind));
  if (item.type === "audio" && (!hasThumbnail(item) || passage)) {
    face.append(createSoundFace(item, passage, words, moments));
  } else if (item.type === "document" && !hasThumbnail(item)) {
    face.append(passage ? createQuote(passage, words, item) : createOpening(item));
  } else {
    face.append(createThumbnail(item, moments[0], width, () => createQuote(passage, words, item)));
    if (item.placeholder) drawPlaceholder(face, item.placeholder);
    if (item.type === "document" && passage) face.append(createQuote(passage, words, item));
  }
  if (item.type === "video") playOnHover(face, item, moments[0]?.start ?? 0);
  face.append(...createBadges(hit, moments[0]));
  return face;
}
