// Narrowing down: a panel of what the library holds, with numbers, and a chip for each filter that is set.

import { listAlbums, readFacets } from "../shared/api.js";
import { disclose, find, make, makeButton, nameLanguage, t } from "../shared/make.js";
import { emptyFilters, readFilters } from "./state.js";

const LENGTHS = [[null, 10], [10, 60], [60, 600], [600, 3600], [3600, null]];
const SORTS = ["relevance", "newest", "oldest", "longest", "shortest"];
const GROUPS = ["none", "day", "source"];
const MOST_BARS = 60;

const nameLength = ([low, high]) => t(`duration.${high ?? "more"}`, {});
const shorten = (path) => path.split("/").slice(-2).join("/");

function makeSelect(label, choices, value, choose) {
  const select = make("select", {}, ...choices.map(([key, text]) => make("option", { value: key, selected: key === value }, text)));
  select.addEventListener("change", () => choose(select.value));
  return make("label", {}, make("span", {}, label), select);
}

function makeDate(label, value, choose) {
  const input = make("input", { type: "date", value: value?.length === 10 ? value : value ? `${value}-01`.slice(0, 10) : "" });
  input.addEventListener("change", () => choose(input.value));
  return make("label", {}, make("span", {}, label), input);
}

function listValues(facets, name) {
  return [["", t("filter.any")], ...facets.map(({ value, count }) => [String(value), `${name(value)} (${count})`])];
}

// Months, or years where there are too many, as bars that narrow the dates down.
function makeHistogram(months, state, change) {
  const years = months.length > MOST_BARS;
  const bars = new Map();
  for (const { value, count } of months) {
    const key = years ? value.slice(0, 4) : value;
    bars.set(key, (bars.get(key) ?? 0) + count);
  }
  const top = Math.max(...bars.values(), 1);
  const box = make("div", { className: "histogram" });
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", t("filter.histogram"));
  const ends = [...bars.keys()];
  for (const [key, count] of bars) {
    const bar = makeButton("", () => change({ after: key, before: following(key) }), { title: `${key}: ${count}` });
    bar.setAttribute("aria-label", `${key}: ${count}`);
    bar.style.setProperty("--tall", `${Math.max(6, (count / top) * 100)}%`);
    if (state.after === key) bar.classList.add("chosen");
    box.append(bar);
  }
  const label = make("span", { className: "label" }, `${t("filter.histogram")}: ${t("filter.months", { from: ends[0] ?? "–", to: ends.at(-1) ?? "–" })}`);
  return make("div", {}, label, box);
}

function following(key) {
  const [year, month] = key.split("-").map(Number);
  if (!month) return String(year + 1);
  return month === 12 ? `${year + 1}-01` : `${year}-${String(month + 1).padStart(2, "0")}`;
}

export class FilterPanel {
  #change;
  #box = find("filters");

  // change(values): puts these into the state and asks anew.
  constructor(change) {
    this.#change = change;
    disclose(find("filters-toggle"), this.#box, () => this.show(this.state));
  }

  async show(state) {
    this.state = state;
    this.#showChips(state);
    if (this.#box.hidden) return;
    const fields = new URLSearchParams();
    // A field's own choices are counted as if it were not set.
    for (const type of readFilters(state).types) fields.append("types", type);
    const facets = await readFacets(fields).catch(() => null);
    if (!facets || state !== this.state) return;
    const set = (name) => (value) => this.#change({ [name]: value });
    const length = LENGTHS.findIndex(([low, high]) => String(low ?? "") === (state.longer ?? "") && String(high ?? "") === (state.shorter ?? ""));
    const lengths = LENGTHS.map((one, at) => [String(at), `${nameLength(one)} (${facets.durations[at].count})`]);
    const tags = make("div", { className: "tags" }, ...facets.tags.map(({ value, count }) => {
      const chosen = state.tag.includes(value);
      const chip = makeButton(`${value} ${count}`, () => this.#change({
        tag: chosen ? state.tag.filter((one) => one !== value) : [...state.tag, value],
      }), { className: "chip" });
      chip.setAttribute("aria-pressed", chosen);
      return chip;
    }));
    // Built anew, the panel gives the focus back to the field that had it.
    const listFields = () => [...this.#box.querySelectorAll("select, input, button")];
    const focused = listFields().indexOf(document.activeElement);
    this.#box.replaceChildren(
      makeHistogram(facets.months, state, this.#change),
      make("div", { className: "fields" },
        makeDate(t("filter.after"), state.after, set("after")),
        makeDate(t("filter.before"), state.before, set("before")),
        makeSelect(t("filter.source"), listValues(facets.sources, shorten), state.source ?? "", set("source")),
        makeSelect(t("filter.duration"), [["", t("filter.any")], ...lengths], length < 0 ? "" : String(length), (at) => {
          const [low, high] = at === "" ? [null, null] : LENGTHS[at];
          this.#change({ longer: low === null ? "" : String(low), shorter: high === null ? "" : String(high) });
        }),
        makeSelect(t("filter.language"), listValues(facets.languages, (one) => nameLanguage(one) ?? one), state.lang ?? "", set("lang")),
        facets.cameras.length ? makeSelect(t("filter.camera"), listValues(facets.cameras, String), state.camera ?? "", set("camera")) : null,
        facets.artists.length ? makeSelect(t("filter.artist"), listValues(facets.artists, String), state.artist ?? "", set("artist")) : null,
        makeSelect(t("filter.sort"), SORTS.map((one) => [one, t(`sort.${one}`)]), state.sort ?? "relevance",
          (value) => this.#change({ sort: value === "relevance" ? "" : value })),
        makeSelect(t("filter.group"), GROUPS.map((one) => [one, t(`group.${one}`)]), state.group ?? "none",
          (value) => this.#change({ group: value === "none" ? "" : value }))),
      facets.tags.length ? make("div", {}, make("span", { className: "label" }, t("filter.tags")), tags) : "",
    );
    if (focused >= 0) listFields()[focused]?.focus({ preventScroll: true });
  }

  #showChips(state) {
    const chips = [];
    const add = (text, values) => {
      const chip = makeButton(`${text} ×`, () => this.#change(values), { className: "chip on" });
      chip.setAttribute("aria-label", `${t("part.remove")}: ${text}`);
      chips.push(chip);
    };
    if (state.after) add(`${t("filter.after")} ${state.after}`, { after: "" });
    if (state.before) add(`${t("filter.before")} ${state.before}`, { before: "" });
    if (state.source) add(shorten(state.source), { source: "" });
    const length = LENGTHS.find(([low, high]) => String(low ?? "") === (state.longer ?? "") && String(high ?? "") === (state.shorter ?? ""));
    if (state.longer || state.shorter) add(length ? nameLength(length) : `${state.longer ?? ""}–${state.shorter ?? ""} s`, { longer: "", shorter: "" });
    for (const field of ["lang", "camera", "artist"]) if (state[field]) add(state[field], { [field]: "" });
    for (const tag of state.tag) add(`#${tag}`, { tag: state.tag.filter((one) => one !== tag) });
    if (state.album.length) {
      add(t("saved.album"), { album: [] });
      const chip = chips.at(-1);
      listAlbums().then(({ albums }) => { chip.textContent = `${albums.find((one) => one.id === Number(state.album[0]))?.name ?? t("saved.album")} ×`; }, () => {});
    }
    if (state.group) add(t("filter.grouped", { what: t(`group.${state.group}`) }), { group: "" });
    if (state.sort) add(t(`sort.${state.sort}`), { sort: "" });
    if (chips.length > 1) {
      const none = { ...emptyFilters(), type: state.type, sort: "", group: "" };
      chips.push(makeButton(t("filter.clear"), () => this.#change(none), { className: "chip" }));
    }
    find("set").replaceChildren(...chips);
  }
}
