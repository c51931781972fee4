// What people keep: searches to go back to, some of which tell of what is new, and albums.

import { dropAlbum, dropSearch, listAlbums, listSearches, markSeen, readFound, saveSearch } from "../shared/api.js";
import { disclose, find, make, makeButton, makeSign, t } from "../shared/make.js";
import { isEmpty, makeRequest, writeAddress } from "./state.js";

export class SavedPanel {
  #box = find("saved");
  #toggle = find("saved-toggle");
  #read;
  #show;
  #say;

  // read(): the state; show(items, name): puts items into the grid; say(text): tells of trouble.
  constructor(read, show, say) {
    this.#read = read;
    this.#show = show;
    this.#say = say;
    disclose(this.#toggle, this.#box, () => this.#fill());
    this.#countNews();
  }

  #try(act) {
    return async (...values) => {
      try { await act(...values); } catch (error) { this.#say(error.message); }
    };
  }

  async #countNews() {
    const { searches } = await listSearches().catch(() => ({ searches: [] }));
    const news = searches.reduce((sum, one) => sum + one.news, 0);
    this.#toggle.textContent = news ? `${t("saved.title")} · ${t("saved.news", { n: news })}` : t("saved.title");
    return searches;
  }

  async #fill() {
    const [searches, { albums }] = await Promise.all([this.#countNews(), listAlbums()]);
    const rows = searches.map((one) => this.#makeSearch(one));
    const shelves = albums.map((one) => make("li", {}, make("a", { className: "grow", href: `/?album=${one.id}` }, `${one.name} (${one.count})`),
      makeSign("×", `${t("part.remove")}: ${one.name}`, this.#try(async () => { if (!confirm(t("saved.drop_sure", { name: one.name }))) return; await dropAlbum(one.id); await this.#fill(); }))));
    const nothing = () => make("li", {}, t("saved.none"));
    this.#box.replaceChildren(this.#makeForm(),
      make("span", { className: "label" }, t("saved.searches")), make("ul", { className: "rows" }, ...(rows.length ? rows : [nothing()])),
      make("span", { className: "label" }, t("saved.albums")), make("ul", { className: "rows" }, ...(shelves.length ? shelves : [nothing()])));
  }

  #makeSearch(one) {
    const row = make("li", {}, make("a", { className: "grow", href: one.address }, one.name));
    if (one.news) {
      row.append(makeButton(`${t("saved.see")} (${one.news})`, this.#try(async () => {
        const { items } = await readFound(one.id);
        this.#show(items, one.name);
        await markSeen(one.id);
        await this.#fill();
      }), { className: "chip on" }));
    }
    if (one.error) row.append(make("small", { className: "wrong" }, one.error));
    row.append(makeSign("×", `${t("part.remove")}: ${one.name}`, this.#try(async () => { if (!confirm(t("saved.drop_sure", { name: one.name }))) return; await dropSearch(one.id); await this.#fill(); })));
    return row;
  }

  #makeForm() {
    const state = this.#read();
    const name = make("input", { required: true, value: state.q ?? "", placeholder: t("saved.name"), maxLength: 200 });
    name.setAttribute("aria-label", t("saved.name"));
    const hook = make("input", { type: "url", placeholder: t("saved.webhook") });
    hook.setAttribute("aria-label", t("saved.webhook"));
    const watch = make("input", { type: "checkbox" });
    // Not a form: it stands inside the one that asks.
    const save = this.#try(async () => {
      if (!name.reportValidity() || !hook.reportValidity()) return;
      await saveSearch({ name: name.value.trim(), request: makeRequest(state), address: writeAddress(state), watch: watch.checked, webhook: hook.value || null });
      await this.#fill();
      this.#box.querySelector(".rows a")?.focus();
    });
    const isNothing = isEmpty(state) && !state.type.length && !state.tag.length;
    const line = make("div", { className: "line" }, name, make("label", { className: "check" }, watch, ` ${t("saved.watch")}`), hook,
      makeButton(t("saved.save"), save, { className: "chip", disabled: isNothing, title: isNothing ? t("saved.nothing") : "" }));
    line.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.tagName === "INPUT") { event.preventDefault(); save(); } });
    return line;
  }
}
