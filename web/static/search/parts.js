/** The parts of a query other than its text: uploaded images, and items that results should be like or unlike. */

import {
  getImageAddress,
  getQueryImageAddress,
  getThumbnailAddress,
  readItem,
  sendFeedback,
  uploadQueryImage,
} from "../shared/api.js";
import { createElement, createIconButton, getElement } from "../shared/dom.js";
import { getErrorMessage } from "../shared/errors.js";
import { t } from "../shared/i18n.js";
import { may } from "../shared/session.js";
import { mayKeepQueries } from "../shared/site.js";
import { createCropFrame, cutRegion } from "./crop.js";
import { hasThumbnail } from "./face.js";
import { extractWords } from "./request.js";

/**
 * @import { Crop, Like, QueryImage, State } from "../shared/types.js"
 *
 * @typedef {object} PartsOptions
 * @property {() => State} getState
 * @property {(changes: Partial<State>) => void} onChange
 * @property {(text: string, isError: boolean) => void} showStatus
 */

// Larger images are scaled down before the upload: the image encoder sees fewer pixels. In pixels.
const MAX_SIZE = 1024;

// Image formats for which browsers may report no type.
const IMAGE_SUFFIXES = /\.(heic|avif|jxl|dng)$/i;

export class PartsBar {
  #options;

  /** @param {PartsOptions} options */
  constructor(options) {
    this.#options = options;
  }

  show() {
    const { likes, pictures } = this.#options.getState();
    getElement("parts").replaceChildren(
      ...pictures.map((image, index) => this.#createImagePart(image, index)),
      ...likes.map((like) => this.#createLikePart(like)),
    );
  }

  /**
   * @param {QueryImage} queryImage
   * @param {number} index
   */
  #createImagePart({ id, crop }, index) {
    /** @param {...QueryImage} images */
    const replace = (...images) => {
      const pictures = [...this.#options.getState().pictures];
      pictures.splice(index, 1, ...images);
      this.#options.onChange({ pictures });
    };
    const label = t(crop ? "part.region" : "part.image");
    const image = createElement("img", { alt: label, src: getQueryImageAddress(id) });
    cutRegion(image, crop);
    const choose = () => chooseRegion(getQueryImageAddress(id), (region) => replace({ id, crop: region }));
    const button = createIconButton(image, t("view.crop_hint"), choose, { className: "whole" });
    return createPart(button, label, "", () => replace());
  }

  /** @param {Like} like */
  #createLikePart(like) {
    const remove = () => {
      const state = this.#options.getState();
      storeFeedback(state, like.id, null);
      this.#options.onChange({ likes: state.likes.filter((other) => other !== like) });
    };
    const label = t(like.weight < 0 ? "part.unlike" : like.crop ? "part.region" : "part.like");
    const image = createElement("img", { alt: label });
    cutRegion(image, like.crop);
    showItem(image, like.id, like.crop !== null);
    return createPart(image, label, like.weight < 0 ? "−" : "+", remove);
  }

  /**
   * Upload images and add them to the query.
   *
   * @param {Iterable<File>} files files other than images are ignored
   */
  async add(files) {
    const { getState, onChange, showStatus } = this.#options;
    const images = [...files].filter((file) => file.type.startsWith("image/") || IMAGE_SUFFIXES.test(file.name));
    if (!images.length) return showStatus(t("ask.not_image"), true);
    showStatus(t("status.searching"), false);
    try {
      const ids = await Promise.all(images.map(async (image) => uploadQueryImage(await shrinkImage(image))));
      onChange({ pictures: [...getState().pictures, ...ids.map((id) => ({ id, crop: null }))] });
    } catch (error) {
      showStatus(getErrorMessage(error), true);
    }
  }
}

/**
 * Store whether an item is relevant for the text of a query. The library learns from it. Errors are ignored.
 * From a user who may not judge results, nothing is stored.
 *
 * @param {State} state
 * @param {number} id
 * @param {boolean | null} relevant null removes what was stored
 */
export function storeFeedback(state, id, relevant) {
  const text = extractWords(state).trim();
  if (text && may("edit") && mayKeepQueries()) sendFeedback(text, id, relevant).catch(() => null);
}

/**
 * @param {Node} content
 * @param {string} label
 * @param {string} sign `+`, `−` or nothing
 * @param {() => void} remove
 */
function createPart(content, label, sign, remove) {
  const className = `part${sign === "−" ? " without" : ""}`;
  const part = createElement("figure", { className, title: label }, content);
  if (sign) part.append(createElement("span", { className: "sign" }, sign));
  part.append(createIconButton("×", `${t("part.remove")}: ${label}`, remove));
  return part;
}

/**
 * Open a dialog in which a region of an uploaded image can be chosen.
 *
 * @param {string} address
 * @param {(crop: Crop) => void} onCrop
 */
function chooseRegion(address, onCrop) {
  const dialog = getElement("viewer", HTMLDialogElement);
  const image = createElement("img", { src: address, alt: t("part.image") });
  const frame = createCropFrame(image, (crop) => {
    dialog.close();
    onCrop(crop);
  });
  const close = createIconButton("×", t("view.close"), () => dialog.close(), { className: "close" });
  const title = createElement("p", { id: "viewer-title", className: "hint over" }, t("view.crop_hint"));
  dialog.replaceChildren(createElement("div", { className: "stage alone" }, frame, title), close);
  dialog.showModal();
}

/**
 * Show the thumbnail of an item, or a symbol if it has none.
 *
 * @param {HTMLImageElement} image
 * @param {number} id
 * @param {boolean} isCut whether a region is cut from it, for which a thumbnail is too small
 */
async function showItem(image, id, isCut) {
  const item = await readItem(id).catch(() => null);
  if (item && hasThumbnail(item)) image.src = isCut ? getImageAddress(item) : getThumbnailAddress(item);
  else image.replaceWith(createElement("span", { className: "glyph" }, item?.type === "audio" ? "♪" : "¶"));
}

/**
 * @param {File} file
 * @returns {Promise<Blob>}
 */
async function shrinkImage(file) {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = MAX_SIZE / Math.max(image.width, image.height);
    if (scale >= 1) return file;
    const canvas = new OffscreenCanvas(Math.round(image.width * scale), Math.round(image.height * scale));
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
  } catch {
    return file; // The browser cannot decode it. Maybe the server can.
  }
}
