// The parts of a query beside its words: pictures, and items that hits should be like or unlike.

import { askedAddress, giveFeedback, keepPicture, readItem, thumbnailAddress } from "../shared/api.js";
import { drawBox } from "./crop.js";
import { find, make, makeSign, t } from "../shared/make.js";
import { wordsOf } from "./state.js";

// Pictures to search by are kept no larger than this, in pixels: the model sees less.
const LARGEST = 1024;

const PICTURED = /\.(heic|avif|jxl|dng)$/i;

export class PartsBar {
  #calls;

  // calls: read() gives the state, change(values) asks anew with some of it changed, say(text, isWrong) tells.
  constructor(calls) {
    this.#calls = calls;
  }

  show() {
    const { likes, pictures } = this.#calls.read();
    find("parts").replaceChildren(...pictures.map((one, at) => this.#showPicture(one, at)), ...likes.map((one) => this.#showLike(one)));
  }

  #showPicture({ id, crop }, at) {
    const put = (...pictures) => this.#calls.change({ pictures: this.#calls.read().pictures.toSpliced(at, 1, ...pictures) });
    const choose = () => chooseRegion(askedAddress(id), (region) => put({ id, crop: region }));
    return makePart(askedAddress(id), t(crop ? "part.region" : "part.picture"), "", () => put(), choose);
  }

  #showLike(one) {
    const drop = () => {
      const state = this.#calls.read();
      judge(state, one.id, null);
      this.#calls.change({ likes: state.likes.filter((other) => other !== one) });
    };
    const label = t(one.weight < 0 ? "part.unlike" : one.crop ? "part.region" : "part.like");
    return makePart({ id: one.id }, label, one.weight < 0 ? "−" : "+", drop);
  }

  async add(files) {
    const chosen = [...files].filter((file) => file.type.startsWith("image/") || PICTURED.test(file.name));
    if (!chosen.length) return this.#calls.say(t("ask.not_picture"), true);
    this.#calls.say(t("status.searching"), false);
    try {
      const ids = await Promise.all(chosen.map(async (file) => keepPicture(await shrinkPicture(file))));
      this.#calls.change({ pictures: [...this.#calls.read().pictures, ...ids.map((id) => ({ id, crop: null }))] });
    } catch (error) {
      this.#calls.say(error.message, true);
    }
  }
}

// What fits the words and what does not is kept, for the library to learn from; that it could not be is no matter here.
export function judge(state, id, relevant) {
  const text = wordsOf(state).trim();
  if (text) giveFeedback(text, id, relevant).catch(() => null);
}

// shown: the address of a picture, or an item by its id; act: what a click on it does, if anything.
function makePart(shown, label, sign, drop, act = null) {
  const image = make("img", { alt: label });
  if (typeof shown === "string") image.src = shown;
  else showLiked(image, shown);
  const part = make("figure", { className: `part${sign === "−" ? " without" : ""}`, title: label },
    act ? makeSign(image, t("view.crop_hint"), act, { className: "whole" }) : image);
  if (sign) part.append(make("span", { className: "sign" }, sign));
  part.append(makeSign("×", `${t("part.remove")}: ${label}`, drop));
  return part;
}

// Asks for a box on a picture of one's own.
function chooseRegion(address, chosen) {
  const dialog = find("viewer");
  const image = make("img", { src: address, alt: t("part.picture") });
  const frame = drawBox(image, (crop) => { dialog.close(); chosen(crop); });
  const close = makeSign("×", t("view.close"), () => dialog.close(), { className: "close" });
  const title = make("p", { id: "viewer-title", className: "hint over" }, t("view.crop_hint"));
  dialog.replaceChildren(make("div", { className: "stage alone" }, frame, title), close);
  dialog.showModal();
}

// Not everything that others may be like has a picture.
async function showLiked(image, { id }) {
  const item = await readItem(id).catch(() => null);
  if (item && (item.type === "image" || item.type === "video" || item.placeholder)) image.src = thumbnailAddress(item);
  else image.replaceWith(make("span", { className: "glyph" }, item?.type === "audio" ? "♪" : "¶"));
}

async function shrinkPicture(blob) {
  try {
    const picture = await createImageBitmap(blob, { imageOrientation: "from-image" });
    const scale = LARGEST / Math.max(picture.width, picture.height);
    if (scale >= 1) return blob;
    const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
  } catch {
    return blob; // a format that the browser does not know, and the server may
  }
}
