// What is selected, and what can be done with it.

import { addAlbum, downloadArchive, changeAlbum, listAlbums } from "../shared/api.js";
import { find, make, makeButton, t } from "../shared/make.js";

export class Selection {
  #items = new Map();
  #last = null;
  #changed;
  #selectAll;
  #album;

  // changed(): the selection is another; selectAll(): gives all items of the answer; album(): the one shown, or null.
  constructor(changed, selectAll, album) {
    this.#changed = changed;
    this.#selectAll = selectAll;
    this.#album = album;
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
    const download = makeButton(t("select.download"), () => downloadArchive(ids));
    const copy = makeButton(t("select.paths"), async () => {
      const paths = [...this.#items.values()].map((item) => item.path).join("\n");
      await navigator.clipboard.writeText(paths).then(
        () => { count.textContent = t("select.copied", { n: ids.length }); },
        (error) => { count.textContent = error.message; },
      );
    });
    bar.replaceChildren(count, download, copy, this.#makeAlbums(ids, count), this.#makeOut(ids),
      makeButton(t("select.all"), () => this.all()), makeButton(t("select.none"), () => this.clear()));
    this.#changed();
  }

  #makeAlbums(ids, count) {
    const choice = make("select", {}, make("option", { value: "" }, t("select.album")));
    choice.setAttribute("aria-label", t("select.album"));
    listAlbums().then(({ albums }) => choice.append(...albums.map((one) => make("option", { value: one.id }, one.name)),
      make("option", { value: "new" }, t("select.new_album"))), () => {});
    choice.addEventListener("change", async () => {
      try {
        const name = choice.value === "new" ? prompt(t("select.album_name"))?.trim() : null;
        if (choice.value === "new" && !name) { choice.value = ""; return; }
        const { id } = name ? await addAlbum(name) : { id: choice.value };
        const album = await changeAlbum(id, { add: ids });
        count.textContent = t("select.added", { name: album.name });
      } catch (error) {
        count.textContent = error.message;
      }
      choice.value = "";
    });
    return choice;
  }

  #makeOut(ids) {
    const album = this.#album();
    const out = makeButton(t("select.out"), async () => {
      await changeAlbum(album, { remove: ids });
      this.clear();
      dispatchEvent(new PopStateEvent("popstate"));
    });
    out.hidden = !album;
    return out;
  }
}
