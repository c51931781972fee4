/**
 * A text field with a list of suggestions, as the ARIA pattern of an editable combobox describes it: the focus stays in
 * the field, the arrow keys move through the list, Enter takes an entry, and Escape closes the list.
 */

import { createElement } from "../shared/dom.js";

/**
 * @typedef {object} Option
 * @property {string} label
 * @property {string} [hint] what kind of thing it is
 * @property {() => void} choose
 */

const DELAY_MS = 120;

export class Combobox {
  #field;
  #list;
  #find;
  /** @type {Option[]} */
  #options = [];
  #active = -1;
  #latest = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {HTMLInputElement} field
   * @param {HTMLElement} list an element with the role `listbox`
   * @param {(text: string) => Promise<Option[]>} find
   */
  constructor(field, list, find) {
    this.#field = field;
    this.#list = list;
    this.#find = find;
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", list.id);
    field.ariaExpanded = "false";
    field.addEventListener("input", () => this.#schedule());
    field.addEventListener("click", () => !field.value && this.#update());
    field.addEventListener("blur", () => this.close());
    field.addEventListener("keydown", (event) => this.#handleKey(event));
    field.form?.addEventListener("submit", () => this.close());
    // A pressed button would take the focus from the field, which closes the list before the click.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  close() {
    clearTimeout(this.#timer);
    this.#latest += 1;
    this.#show([]);
  }

  #schedule() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#update(), DELAY_MS);
  }

  async #update() {
    this.#latest += 1;
    const thisUpdate = this.#latest;
    const options = await this.#find(this.#field.value);
    if (thisUpdate === this.#latest && document.activeElement === this.#field) this.#show(options);
  }

  /** @param {Option[]} options */
  #show(options) {
    this.#options = options;
    const rows = options.map(({ label, hint, choose }, index) => {
      const row = createElement("li", { id: `${this.#list.id}-${index}` }, createElement("span", {}, label));
      row.setAttribute("role", "option");
      if (hint) row.append(createElement("small", {}, hint));
      row.addEventListener("click", () => this.#choose(choose));
      return row;
    });
    this.#list.replaceChildren(...rows);
    this.#list.hidden = !rows.length;
    this.#field.ariaExpanded = String(rows.length > 0);
    this.#activate(-1);
  }

  /** @param {number} index of the active option; -1 for none */
  #activate(index) {
    this.#active = index;
    for (const [at, row] of [...this.#list.children].entries()) {
      row.ariaSelected = String(at === index);
      if (at === index) row.scrollIntoView({ block: "nearest" });
    }
    if (index < 0) this.#field.removeAttribute("aria-activedescendant");
    else this.#field.setAttribute("aria-activedescendant", `${this.#list.id}-${index}`);
  }

  /** @param {() => void} choose */
  #choose(choose) {
    this.close();
    choose();
  }

  /** @param {KeyboardEvent} event */
  #handleKey(event) {
    if (event.isComposing) return;
    const count = this.#options.length;
    if (event.key === "ArrowDown" && !count) this.#update();
    else if (event.key === "ArrowDown") this.#activate(this.#active + 1 < count ? this.#active + 1 : -1);
    else if (event.key === "ArrowUp" && count) this.#activate(this.#active < 0 ? count - 1 : this.#active - 1);
    else if (event.key === "Escape" && count) this.close();
    else if (event.key === "Enter" && this.#active >= 0) {
      this.#choose(this.#options[this.#active]?.choose ?? (() => {}));
    } else return;
    event.preventDefault();
  }
}
