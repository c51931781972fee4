/** The selected items and the toolbar with what can be done with them. */

import { addAlbum, changeAlbum, getArchiveAddress, listAlbums } from "../shared/api.js";
import { createButton, createElement, getElement } from "../shared/dom.js";
import { getErrorMessage } from "../shared/errors.js";
import { t } from "../shared/i18n.js";
import { canChangeAlbum, getFormToken, may } from "../shared/session.js";
import { locate } from "../shared/site.js";
import { hideWithUndo } from "./hide.js";

/**
 * @import { Album, Hit, Item } from "../shared/types.js"
 *
 * @typedef {object} SelectionOptions
 * @property {() => void} onChange
 * @property {() => Promise<Item[]>} listAll returns all items of the answer
 * @property {() => string | null} getAlbum returns the id of the album that is shown, or null
 */

const NEW_ALBUM = "new";

/**
 * Download items as one archive. The form lets the browser store the answer without holding it in memory.
 *
 * @param {number[]} ids
 */
function downloadArchive(ids) {
  const field = createElement("input", { type: "hidden", name: "items", value: ids.join(",") });
  const token = createElement("input", { type: "hidden", name: "form_token", value: getFormToken() });
  const form = createElement("form", { method: "post", action: getArchiveAddress(), hidden: true }, field, token);
  document.body.append(form);
  form.submit();
  form.remove();
}

export class Selection {
  #options;
  /** @type {Map<number, Item>} */
  #items = new Map();
  /** @type {number | null} index of the entry that was toggled last */
  #lastIndex = null;

  /** @param {SelectionOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** @param {number} id */
  has(id) {
    return this.#items.has(id);
  }

  get size() {
    return this.#items.size;
  }

  /**
   * Select an entry or remove it from the selection.
   *
   * @param {Hit[]} entries
   * @param {number} index
   * @param {boolean} withRange select all entries between the last one and this one
   */
  toggle(entries, index, withRange) {
    const item = entries[index]?.item;
    if (!item) return;
    if (withRange && this.#lastIndex !== null) {
      const [low, high] = [Math.min(this.#lastIndex, index), Math.max(this.#lastIndex, index)];
      for (const entry of entries.slice(low, high + 1)) this.#items.set(entry.item.id, entry.item);
    } else if (!this.#items.delete(item.id)) {
      this.#items.set(item.id, item);
    }
    this.#lastIndex = index;
    this.#show();
  }

  async selectAll() {
    for (const item of await this.#options.listAll()) this.#items.set(item.id, item);
    this.#show();
  }

  clear() {
    this.#items.clear();
    this.#lastIndex = null;
    this.#show();
  }

  #show() {
    const toolbar = getElement("selection");
    toolbar.hidden = !this.#items.size;
    const ids = [...this.#items.keys()];
    const count = createElement("strong", {}, t("select.count", { n: ids.length }));
    count.setAttribute("role", "status");
    const download = createButton(t("select.download"), () => downloadArchive(ids));
    download.setAttribute("download", "");
    toolbar.replaceChildren(
      count,
      download,
      ...(may("search") ? [this.#createCopyButton(count)] : []),
      ...(may("edit") ? [...this.#createAlbumControls(ids, count), this.#createHideButton(ids)] : []),
      createButton(t("select.all"), () => this.selectAll()),
      createButton(t("select.none"), () => this.clear()),
    );
    this.#options.onChange();
  }

  /** @param {HTMLElement} status */
  #createCopyButton(status) {
    return createButton(t("select.paths"), async () => {
      const paths = [...this.#items.values()].map((item) => item.path);
      try {
        await navigator.clipboard.writeText(paths.join("\n"));
        status.textContent = t("select.copied", { n: paths.length });
      } catch (error) {
        status.textContent = getErrorMessage(error);
      }
    });
  }

  /** @param {number[]} ids */
  #createHideButton(ids) {
    const hide = () => {
      this.clear();
      return hideWithUndo(ids);
    };
    return createButton(t("hide.hide"), hide, { title: t("hide.hint") });
  }

  /**
   * Return the controls that change the albums of the user.
   *
   * @param {number[]} ids
   * @param {HTMLElement} status
   */
  #createAlbumControls(ids, status) {
    const albums = listAlbums().then(
      (list) => list.albums.filter(canChangeAlbum),
      () => [],
    );
    return [createAlbumSelect(ids, status, albums), this.#createRemoveButton(ids, albums)];
  }

  /**
   * Return a button that removes items from the album that is shown. It is hidden if that is none of the albums.
   *
   * @param {number[]} ids
   * @param {Promise<Album[]>} albums
   */
  #createRemoveButton(ids, albums) {
    const album = this.#options.getAlbum();
    const button = createButton(t("select.remove"), async () => {
      if (!album) return;
      await changeAlbum(album, { remove: ids });
      this.clear();
      // The page searches again for the same state.
      dispatchEvent(new PopStateEvent("popstate"));
    });
    button.hidden = true;
    albums.then((own) => {
      button.hidden = !own.some(({ id }) => String(id) === album);
    });
    return button;
  }
}

/**
 * Return a choice of albums to add items to.
 *
 * @param {number[]} ids
 * @param {HTMLElement} status
 * @param {Promise<Album[]>} albums
 */
export function createAlbumSelect(ids, status, albums) {
  const label = t("select.album");
  const select = createElement("select", { aria: { label } }, createElement("option", { value: "" }, label));
  albums.then((own) => {
    const options = own.map(({ id, name }) => createElement("option", { value: String(id) }, name));
    select.append(...options, createElement("option", { value: NEW_ALBUM }, t("select.new_album")));
  });
  select.addEventListener("change", async () => {
    try {
      const name = select.value === NEW_ALBUM ? prompt(t("select.album_name"))?.trim() : null;
      if (select.value !== NEW_ALBUM || name) {
        const id = name ? (await addAlbum(name)).id : select.value;
        const album = await changeAlbum(id, { add: ids });
        const href = locate(`/?album=${album.id}`);
        status.replaceChildren(createElement("a", { href }, t("select.added", { name: album.name })));
      }
    } catch (error) {
      status.textContent = getErrorMessage(error);
    }
    select.value = "";
  });
  return select;
}
