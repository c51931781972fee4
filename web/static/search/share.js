/** The dialog to share an album: with everyone here, with some people, or by a link. */

import { addLink, deleteLink, listLinks, listPeople, shareAlbum } from "../shared/accounts.js";
import { createButton, createElement, createIconButton, getElement } from "../shared/dom.js";
import { formatDate } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { createLifetimeSelect, createSecretField, describeUse, readLifetime } from "../shared/secret.js";
import { getAccountId } from "../shared/session.js";
import { showErrorsIn } from "../shared/status.js";

/**
 * @import { Link, Person } from "../shared/account-types.js"
 * @import { Album } from "../shared/types.js"
 */

const DEFAULT_DAYS = 30;

/**
 * Return whom an album is shared with, or who shares it, in words; empty if only the user of the page sees it.
 *
 * @param {Pick<Album, "owner" | "owner_id" | "shared" | "shared_with">} album
 * @param {number} accountId of the user of the page
 * @param {import("../shared/i18n.js").Translate} [translate]
 */
export function describeSharing(album, accountId, translate = t) {
  const parts = [];
  if (accountId && album.owner && album.owner_id !== accountId) {
    parts.push(translate("share.of", { name: album.owner }));
  }
  if (album.shared) parts.push(translate("share.with_all"));
  else if (album.shared_with.length) parts.push(translate("share.with", { n: album.shared_with.length }));
  return parts.join(" · ");
}

export class ShareDialog {
  #dialog = getElement("share", HTMLDialogElement);
  #status = createElement("p", { className: "hint" });
  #links = createElement("ul", { className: "rows" });
  #newLink = createElement("div");
  #album;

  /**
   * Open the dialog.
   *
   * @param {Album} album
   * @param {() => unknown} onClose
   */
  constructor(album, onClose) {
    this.#album = album;
    this.#status.setAttribute("role", "status");
    this.#dialog.addEventListener("close", () => onClose(), { once: true });
    this.#show();
  }

  /** @param {() => Promise<unknown>} act */
  #try(act) {
    return showErrorsIn(this.#status, act);
  }

  #show() {
    const { name } = this.#album;
    const people = createElement("div", { className: "choices" });
    this.#dialog.replaceChildren(
      createElement(
        "div",
        { className: "share" },
        createElement("h2", { id: "share-title" }, t("share.title", { name })),
        this.#status,
        this.#createPeopleField(people),
        createElement("h3", {}, t("share.links")),
        createElement("p", { className: "hint" }, t("share.links_text")),
        this.#createLinkForm(),
        this.#newLink,
        this.#links,
      ),
      createIconButton("×", t("view.close"), () => this.#dialog.close(), { className: "close" }),
    );
    this.#dialog.showModal();
    this.#try(async () => {
      const [{ people: all }] = await Promise.all([listPeople(), this.#showLinks()]);
      people.replaceChildren(...this.#createPersonBoxes(all));
    });
  }

  /** @param {HTMLElement} people */
  #createPeopleField(people) {
    const everyone = createElement("input", { type: "checkbox", checked: this.#album.shared });
    everyone.addEventListener("change", () => {
      people.hidden = everyone.checked;
      this.#share({ shared: everyone.checked });
    });
    people.hidden = everyone.checked;
    return createElement(
      "fieldset",
      {},
      createElement("legend", {}, t("share.people")),
      createElement("label", { className: "check" }, everyone, ` ${t("share.everyone")}`),
      people,
    );
  }

  /** @param {Person[]} people */
  #createPersonBoxes(people) {
    const others = people.filter(({ id }) => id !== this.#album.owner_id && id !== getAccountId());
    if (!others.length) return [createElement("p", { className: "hint" }, t("share.nobody"))];
    return others.map(({ id, name }) => {
      const box = createElement("input", { type: "checkbox", checked: this.#album.shared_with.includes(id) });
      box.addEventListener("change", () => {
        const rest = this.#album.shared_with.filter((other) => other !== id);
        this.#share({ shared_with: box.checked ? [...rest, id] : rest });
      });
      return createElement("label", { className: "check" }, box, ` ${name}`);
    });
  }

  /** @param {Partial<Album>} change */
  #share(change) {
    // Kept at once, so that a second click before the response does not undo the first one.
    this.#album = { ...this.#album, ...change };
    const { id, shared, shared_with } = this.#album;
    return this.#try(async () => {
      await shareAlbum(id, { shared, shared_with });
      this.#status.textContent = t("share.saved");
    });
  }

  #createLinkForm() {
    const lifetime = createLifetimeSelect(DEFAULT_DAYS);
    const add = () =>
      this.#try(async () => {
        const days = readLifetime(lifetime.querySelector("select")?.value ?? "");
        const link = await addLink(this.#album.id, days);
        const address = new URL(link.address, location.origin).href;
        this.#newLink.replaceChildren(createSecretField(t("share.new_link"), address, t("share.once")));
        await this.#showLinks();
      });
    return createElement("div", { className: "line" }, lifetime, createButton(t("share.add_link"), add));
  }

  async #showLinks() {
    const { links } = await listLinks(this.#album.id);
    this.#links.replaceChildren(...links.map((link) => this.#createLinkRow(link)));
  }

  /** @param {Link} link */
  #createLinkRow(link) {
    const title = t("share.link_of", { time: formatDate(link.created_at) });
    const remove = () =>
      this.#try(async () => {
        await deleteLink(this.#album.id, link.id);
        this.#newLink.replaceChildren();
        await this.#showLinks();
      });
    const label = `${t("access.delete")}: ${title}`;
    return createElement(
      "li",
      {},
      createElement("span", { className: "grow" }, title, createElement("small", {}, describeUse(link).join(" · "))),
      createButton(t("access.delete"), remove, { aria: { label } }),
    );
  }
}
