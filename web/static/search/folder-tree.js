/** The folders of the results as a tree: each can be opened, and chosen as a filter. */

import { readFolders } from "../shared/api.js";
import { createButton, createElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";

/** @import { Folder, SearchRequest, State } from "../shared/types.js" */

/** @type {Set<string>} the paths of the open folders; they stay open when the tree is created again */
const open = new Set();
/** @type {Set<string>} the paths of the folders that the user has closed */
const closed = new Set();

/**
 * @param {string} path
 * @param {string} folder
 */
const isBelow = (path, folder) => path.startsWith(`${folder}/`);

export class FolderTree {
  #request;
  #chosen;
  #onChoose;

  /**
   * @param {SearchRequest} request the search whose results are counted
   * @param {State} state
   * @param {(path: string) => void} onChoose called with the path of a folder; an empty one removes the filter
   */
  constructor(request, state, onChoose) {
    this.#request = request;
    this.#chosen = state.in ?? "";
    this.#onChoose = onChoose;
  }

  /**
   * Return the tree.
   *
   * @param {Folder[]} roots
   */
  create(roots) {
    const label = createElement("span", { className: "label" }, t("filter.folders"));
    const isSingle = roots.length === 1;
    const list = createElement("ul", {}, ...roots.map((folder) => this.#createRow(folder, isSingle)));
    return createElement("div", { className: "folders" }, label, list);
  }

  /**
   * @param {Folder} folder
   * @param {boolean} [opens] whether it is open unless the user has closed it
   */
  #createRow(folder, opens = false) {
    const { path, name, count } = folder;
    const isChosen = path === this.#chosen;
    const choose = createButton(`${name} `, () => this.#onChoose(isChosen ? "" : path), {
      className: "folder",
      title: path,
      aria: { pressed: isChosen },
    });
    choose.append(createElement("small", {}, String(count)));
    if (!folder.folders) return createElement("li", {}, createElement("span", { className: "leaf" }), choose);
    const inner = createElement("ul", { hidden: true });
    const toggle = createButton("▸", () => this.#toggle(toggle, inner, path), {
      className: "twist",
      aria: { expanded: false, label: t("folder.show", { name }) },
    });
    const isOpen = open.has(path) || opens || isBelow(this.#chosen, path);
    if (isOpen && !closed.has(path)) this.#show(toggle, inner, path);
    return createElement("li", {}, toggle, choose, inner);
  }

  /**
   * @param {HTMLElement} toggle
   * @param {HTMLElement} inner
   * @param {string} path
   */
  #toggle(toggle, inner, path) {
    if (inner.hidden) {
      open.add(path);
      closed.delete(path);
      return this.#show(toggle, inner, path);
    }
    open.delete(path);
    closed.add(path);
    inner.hidden = true;
    toggle.ariaExpanded = "false";
  }

  /**
   * @param {HTMLElement} toggle
   * @param {HTMLElement} inner
   * @param {string} path
   */
  async #show(toggle, inner, path) {
    inner.hidden = false;
    toggle.ariaExpanded = "true";
    if (inner.children.length) return;
    const found = await readFolders({ ...this.#request, path }).catch(() => null);
    inner.replaceChildren(...(found?.folders ?? []).map((folder) => this.#createRow(folder)));
    const hidden = found ? found.total - found.folders.length : 0;
    if (hidden) inner.append(createElement("li", { className: "label" }, t("folder.more", { n: hidden })));
  }
}
