/** The panel of saved searches and albums. Watched searches show how many new matches they have. */

import {
  deleteAlbum,
  deleteSearch,
  listAlbums,
  listSearches,
  markSeen,
  readNewMatches,
  saveSearch,
} from "../shared/api.js";
import { bindDisclosure, createButton, createElement, createIconButton, getElement, keepFocus } from "../shared/dom.js";
import { getErrorMessage } from "../shared/errors.js";
import { t } from "../shared/i18n.js";
import { createSecretField } from "../shared/secret.js";
import { canChangeAlbum, getAccountId, may } from "../shared/session.js";
import { locate } from "../shared/site.js";
import { createRequest } from "./request.js";
import { describeSharing, ShareDialog } from "./share.js";
import { isEmpty, writeAddress } from "./state.js";

/**
 * @import { Album, Item, SavedSearch, State } from "../shared/types.js"
 *
 * @typedef {object} SavedOptions
 * @property {() => State} getState
 * @property {(items: (Item & { score: number })[], name: string) => void} showItems show items in the grid
 * @property {(message: string) => void} showError
 */

export class SavedPanel {
  #options;
  #panel = getElement("saved");
  #toggle = getElement("saved-toggle");

  /** @param {SavedOptions} options */
  constructor(options) {
    this.#options = options;
    // For those who follow a link to an album, the panel is hidden.
    if (!may("search")) return;
    bindDisclosure(this.#toggle, this.#panel, () => this.#fill());
    this.#refreshCount();
  }

  /**
   * Return a function that shows errors instead of throwing them.
   *
   * @param {() => Promise<void>} act
   */
  #catchErrors(act) {
    return async () => {
      try {
        await act();
      } catch (error) {
        this.#options.showError(getErrorMessage(error));
      }
    };
  }

  /** Show the number of new matches on the button of the panel. */
  async #refreshCount() {
    const { searches } = await listSearches().catch(() => ({ searches: [] }));
    const count = searches.reduce((sum, search) => sum + search.new_matches, 0);
    const title = t("saved.title");
    this.#toggle.textContent = count ? `${title} · ${t("saved.newMatches", { n: count })}` : title;
    return searches;
  }

  async #fill() {
    const [searches, { albums }] = await Promise.all([this.#refreshCount(), listAlbums()]);
    const content = [
      this.#createForm(),
      ...createList(
        t("saved.searches"),
        t("saved.none"),
        searches.map((search) => this.#createSearchRow(search)),
      ),
      ...createList(
        t("saved.albums"),
        t("albums.none"),
        albums.map((album) => this.#createAlbumRow(album)),
      ),
    ];
    await keepFocus(this.#panel, () => this.#panel.replaceChildren(...content));
  }

  /**
   * @param {string} name
   * @param {() => Promise<void>} remove
   */
  #createRemoveButton(name, remove) {
    const confirmAndRemove = this.#catchErrors(async () => {
      if (!confirm(t("saved.drop_sure", { name }))) return;
      await remove();
      await this.#fill();
    });
    return createIconButton("×", `${t("part.remove")}: ${name}`, confirmAndRemove);
  }

  /** @param {Album} album */
  #createAlbumRow(album) {
    const { id, name, count } = album;
    const link = createElement("a", { href: locate(`/?album=${id}`) }, `${name} (${count})`);
    const sharing = createElement("small", {}, describeSharing(album, getAccountId()));
    const row = createElement("li", {}, createElement("span", { className: "grow" }, link, sharing));
    if (!canChangeAlbum(album)) return row;
    if (getAccountId()) {
      const share = this.#catchErrors(
        async () =>
          void new ShareDialog(
            album,
            this.#catchErrors(() => this.#fill()),
          ),
      );
      row.append(createButton(t("share.button"), share, { aria: { label: `${t("share.button")} ${name}` } }));
    }
    row.append(this.#createRemoveButton(name, () => deleteAlbum(id)));
    return row;
  }

  /** @param {SavedSearch} search */
  #createSearchRow({ id, name, address, new_matches: newMatches, reason }) {
    const row = createElement("li", {}, createElement("a", { className: "grow", href: locate(address) }, name));
    if (newMatches) {
      const showNew = this.#catchErrors(async () => {
        const { items } = await readNewMatches(id);
        this.#options.showItems(items, name);
        await markSeen(id);
        await this.#fill();
      });
      row.append(createButton(`${t("saved.see")} (${newMatches})`, showNew, { className: "chip on" }));
    }
    if (reason) row.append(createElement("small", { className: "wrong" }, reason));
    row.append(this.#createRemoveButton(name, () => deleteSearch(id)));
    return row;
  }

  /** Return the fields to save the current search. They are inside the search form, so they cannot be a form. */
  #createForm() {
    const state = this.#options.getState();
    const name = createElement("input", {
      required: true,
      value: state.q ?? "",
      placeholder: t("saved.name"),
      maxLength: 200,
      aria: { label: t("saved.name") },
    });
    const webhook = createElement("input", {
      type: "url",
      placeholder: t("saved.webhook"),
      aria: { label: t("saved.webhook") },
    });
    const watch = createElement("input", { type: "checkbox" });
    const save = this.#catchErrors(async () => {
      if (!name.reportValidity() || !webhook.reportValidity()) return;
      const saved = await saveSearch({
        name: name.value.trim(),
        request: createRequest(state),
        address: writeAddress(state),
        watched: watch.checked,
        webhook: webhook.value || null,
      });
      await this.#fill();
      /** @type {HTMLElement | null} */
      const link = this.#panel.querySelector(".rows a");
      link?.focus();
      if (saved.webhook_secret) {
        const secret = createSecretField(t("saved.secret"), saved.webhook_secret, t("saved.secret_hint"));
        this.#panel.prepend(secret);
        secret.querySelector("input")?.focus();
      }
    });
    const isUnset = isEmpty(state) && !state.type.length && !state.tag.length;
    const button = createButton(t("saved.save"), save, {
      className: "chip",
      disabled: isUnset,
      title: isUnset ? t("saved.nothing") : "",
    });
    const watchLabel = createElement("label", { className: "check" }, watch, ` ${t("saved.watch")}`);
    const form = createElement("div", { className: "line" }, name, watchLabel, webhook, button);
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
      event.preventDefault();
      save();
    });
    return form;
  }
}

/**
 * @param {string} title
 * @param {string} none what is said without rows
 * @param {HTMLElement[]} rows
 */
function createList(title, none, rows) {
  const content = rows.length ? rows : [createElement("li", {}, none)];
  return [createElement("span", { className: "label" }, title), createElement("ul", { className: "rows" }, ...content)];
}
