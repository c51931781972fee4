// What is selected, and what can be done with it.

import { archiveAddress } from "./api.js";
import { find, make, makeButton, t } from "./make.js";

export class Selection {
  #items = new Map();
  #last = null;
  #changed;
  #selectAll;

  // changed(): the selection is another; selectAll(): gives all items of the answer.
  constructor(changed, selectAll) {
    this.#changed = changed;
    this.#selectAll = selectAll;
  }

  has(id) { return this.#items.has(id); }

  get size() { return this.#items.size; }

  // One more or less; with shift, all from the last one to this.
  toggle(entries, place, withRange) {
    const { item } = entries[place];
    if (withRange && this.#last !== null) {
      const [low, high] = [Math.min(this.#last, place), Math.max(this.#last, place)];
      for (const entry of entries.slice(low, high + 1)) this.#items.set(entry.item.id, entry.item);
    } else if (!this.#items.delete(item.id)) {
      this.#items.set(item.id, item);
    }
    this.#last = place;
    this.#show();
  }

  async all() {
    for (const item of await this.#selectAll()) this.#items.set(item.id, item);
    this.#show();
  }

  clear() {
    this.#items.clear();
    this.#last = null;
    this.#show();
  }

  #show() {
    const bar = find("selection");
    bar.hidden = !this.#items.size;
    const ids = [...this.#items.keys()];
    const count = make("strong", {}, t("select.count", { n: ids.length }));
    count.setAttribute("role", "status");
    const download = make("a", { href: archiveAddress(ids), className: "button" }, t("select.download"));
    download.setAttribute("download", "");
    const copy = makeButton(t("select.paths"), async () => {
      const paths = [...this.#items.values()].map((item) => item.path).join("\n");
      await navigator.clipboard.writeText(paths).then(
        () => { count.textContent = t("select.copied", { n: ids.length }); },
        (error) => { count.textContent = error.message; },
      );
    });
    bar.replaceChildren(count, download, copy, makeButton(t("select.all"), () => this.all()),
      makeButton(t("select.none"), () => this.clear()));
    this.#changed();
  }
}
