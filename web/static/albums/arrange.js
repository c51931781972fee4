/** The dialog with the items of an album, to put them in order and to choose the cover. */

import { editAlbum, getThumbnailAddress, orderAlbum, searchItems } from "../shared/api.js";
import { createButton, createElement, createIconButton, getElement, keepFocus } from "../shared/dom.js";
import { getFileName } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { showErrorsIn } from "../shared/status.js";

/** @import { Album, Item } from "../shared/types.js" */

// The largest page of results; further items keep their place behind these.
const MAX_ITEMS = 500;

export class ArrangeDialog {
  #dialog = getElement("arrange", HTMLDialogElement);
  #status = createElement("p", { className: "hint" });
  #list = createElement("ol", { className: "rows" });
  #album;
  /** @type {Item[]} */
  #items = [];
  /** @type {number | null} */
  #dragged = null;

  /**
   * Open the dialog.
   *
   * @param {Album} album
   * @param {() => unknown} onClose called when the dialog is closed
   */
  constructor(album, onClose) {
    this.#album = album;
    this.#status.setAttribute("role", "status");
    this.#dialog.addEventListener("close", () => onClose(), { once: true });
    this.#dialog.replaceChildren(
      createElement("h2", { id: "arrange-title" }, t("albums.arrange_title", { name: album.name })),
      createElement("p", { className: "hint" }, t("albums.arrange_hint")),
      this.#status,
      this.#list,
      createButton(t("albums.by_date"), () => this.#try(() => this.#orderByDate())),
      createIconButton("×", t("view.close"), () => this.#dialog.close(), { className: "close" }),
    );
    this.#dialog.showModal();
    this.#try(() => this.#load());
  }

  /** @param {() => Promise<unknown>} act */
  #try(act) {
    return showErrorsIn(this.#status, act);
  }

  async #load() {
    this.#items = await searchItems({ albums: [this.#album.id], limit: MAX_ITEMS, stack: false });
    this.#show();
  }

  async #orderByDate() {
    await orderAlbum(this.#album.id, []);
    await this.#load();
    this.#status.textContent = t("share.saved");
  }

  #show() {
    const rows = this.#items.map((item, index) => this.#createRow(item, index));
    return keepFocus(this.#list, () => this.#list.replaceChildren(...rows));
  }

  /**
   * Move an item and store the order.
   *
   * @param {number} from
   * @param {number} to
   */
  #move(from, to) {
    const [item] = this.#items.splice(from, 1);
    if (item) this.#items.splice(to, 0, item);
    this.#show();
    return this.#try(async () => {
      this.#album = await orderAlbum(
        this.#album.id,
        this.#items.map(({ id }) => id),
      );
      await this.#show();
      this.#status.textContent = t("share.saved");
    });
  }

  /** @param {Item} item */
  #chooseCover(item) {
    return this.#try(async () => {
      this.#album = await editAlbum(this.#album.id, { cover: item.id });
      this.#show();
      this.#status.textContent = t("share.saved");
    });
  }

  /**
   * @param {Item} item
   * @param {number} index
   */
  #createRow(item, index) {
    const name = item.title || getFileName(item.path);
    const image = createElement("img", { src: getThumbnailAddress(item), alt: "", width: 56, height: 56 });
    image.addEventListener("error", () => image.remove());
    const isCover = this.#album.cover === item.id;
    const cover = createButton(t(isCover ? "albums.is_cover" : "albums.cover"), () => this.#chooseCover(item), {
      aria: { label: `${t("albums.cover")}: ${name}`, pressed: String(isCover) },
    });
    const up = createIconButton("↑", `${t("albums.earlier")}: ${name}`, () => this.#move(index, index - 1), {
      disabled: index === 0,
    });
    const down = createIconButton("↓", `${t("albums.later")}: ${name}`, () => this.#move(index, index + 1), {
      disabled: index === this.#items.length - 1,
    });
    const title = createElement("span", { className: "grow" }, name);
    const row = createElement("li", { draggable: true }, image, title, cover, up, down);
    row.addEventListener("dragstart", () => {
      this.#dragged = index;
    });
    row.addEventListener("dragover", (event) => event.preventDefault());
    row.addEventListener("drop", (event) => {
      event.preventDefault();
      if (this.#dragged !== null && this.#dragged !== index) this.#move(this.#dragged, index);
      this.#dragged = null;
    });
    return row;
  }
}
