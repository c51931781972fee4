/** The filters: a panel with the values in the library and their numbers, and a chip for each filter that is set. */

import { listAlbums, readFacets } from "../shared/api.js";
import { bindDisclosure, createButton, createElement, getElement, keepFocus } from "../shared/dom.js";
import { formatLanguage, formatRating, getFileName } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { createChipList } from "./chip-list.js";
import { createDateFields, listDateChips } from "./dates.js";
import { FolderTree } from "./folder-tree.js";
import { createHistogram } from "./histogram.js";
import { createMachineTags, getTagName, loadTagNames } from "./machine-tags.js";
import { MapPanel } from "./map.js";
import { createPlaceTree, showPlaceName } from "./place-tree.js";
import { createRequest } from "./request.js";
import { clearFilters } from "./state.js";
import { showTypeCounts } from "./type-counts.js";

/**
 * @import { Facets, FacetValue, State } from "../shared/types.js"
 *
 * @typedef {(changes: Partial<State>) => void} OnChange
 * @typedef {[value: string, label: string]} Choice
 */

/** @type {[min: number | null, max: number | null][]} in seconds */
const DURATIONS = [
  [null, 10],
  [10, 60],
  [60, 600],
  [600, 3600],
  [3600, null],
];
const SORTS = ["relevance", "newest", "oldest", "longest", "shortest"];
const MAX_RATING = 5;
const GROUPS = ["none", "day", "folder"];

/** @param {number} index of DURATIONS */
const formatDuration = (index) => t(`duration.${DURATIONS[index]?.[1] ?? "more"}`);

/** @param {number} stars */
const formatMinRating = (stars) =>
  stars < MAX_RATING ? t("filter.at_least", { what: formatRating(stars) }) : formatRating(stars);

/** @param {string} path */
const shortenPath = (path) => path.split("/").slice(-2).join("/");

/** @param {number | null | undefined} seconds */
const toText = (seconds) => String(seconds ?? "");

/** @param {State} state */
const findDuration = ({ longer = "", shorter = "" }) =>
  DURATIONS.findIndex(([min, max]) => toText(min) === longer && toText(max) === shorter);

/**
 * @param {string} label
 * @param {Choice[]} choices
 * @param {string} selected
 * @param {(value: string) => void} onChange
 */
function createSelect(label, choices, selected, onChange) {
  const options = choices.map(([value, text]) =>
    createElement("option", { value, selected: value === selected }, text),
  );
  const select = createElement("select", {}, ...options);
  select.addEventListener("change", () => onChange(select.value));
  return createElement("label", {}, createElement("span", {}, label), select);
}

/**
 * @param {FacetValue[]} values
 * @param {(value: string) => string | undefined} format
 * @returns {Choice[]}
 */
function listChoices(values, format) {
  const choices = values.map(
    ({ value, count }) => /** @type {Choice} */ ([String(value), `${format(value)} (${count})`]),
  );
  return [["", t("filter.any")], ...choices];
}

/**
 * @param {Facets} facets
 * @param {State} state
 * @param {OnChange} onChange
 */
function createDurationField(facets, state, onChange) {
  const index = findDuration(state);
  const choices = DURATIONS.map(
    (_, at) => /** @type {Choice} */ ([String(at), `${formatDuration(at)} (${facets.durations[at]?.count})`]),
  );
  const selected = index < 0 ? "" : String(index);
  return createSelect(t("filter.duration"), [["", t("filter.any")], ...choices], selected, (value) => {
    const [min, max] = (value === "" ? null : DURATIONS[Number(value)]) ?? [null, null];
    onChange({ longer: toText(min), shorter: toText(max) });
  });
}

/**
 * Return how many items have each number of stars or more, best first, as far as there are any.
 *
 * @param {{ value: number, count: number }[]} ratings the number of items with exactly these stars
 */
export function countMinRatings(ratings) {
  const counts = [];
  for (let stars = MAX_RATING; stars >= 1; stars -= 1) {
    const count = ratings.reduce((sum, rating) => sum + (rating.value >= stars ? rating.count : 0), 0);
    if (count) counts.push({ stars, count });
  }
  return counts;
}

/**
 * @param {Facets} facets
 * @param {State} state
 * @param {OnChange} onChange
 */
function createRatingField({ ratings }, state, onChange) {
  const choices = countMinRatings(ratings).map(
    ({ stars, count }) => /** @type {Choice} */ ([String(stars), `${formatMinRating(stars)} (${count})`]),
  );
  return createSelect(t("filter.rating"), [["", t("filter.any")], ...choices], state.rating ?? "", (rating) =>
    onChange({ rating }),
  );
}

/**
 * @param {Facets} facets
 * @param {State} state
 * @param {OnChange} onChange
 */
function createFields(facets, state, onChange) {
  const sources = listChoices(facets.sources, shortenPath);
  const languages = listChoices(facets.languages, (code) => formatLanguage(code) ?? code);
  const sorts = SORTS.map((name) => /** @type {Choice} */ ([name, t(`sort.${name}`)]));
  const groups = GROUPS.map((name) => /** @type {Choice} */ ([name, t(`group.${name}`)]));
  /** @param {"camera" | "artist"} name @param {FacetValue[]} values */
  const createOptionalField = (name, values) =>
    values.length
      ? createSelect(t(`filter.${name}`), listChoices(values, String), state[name] ?? "", (value) =>
          onChange({ [name]: value }),
        )
      : null;
  return createElement(
    "div",
    { className: "fields" },
    ...createDateFields(state, onChange),
    facets.sources.length > 1 || state.source
      ? createSelect(t("filter.source"), sources, state.source ?? "", (source) => onChange({ source }))
      : null,
    createDurationField(facets, state, onChange),
    createSelect(t("filter.language"), languages, state.lang ?? "", (lang) => onChange({ lang })),
    createOptionalField("camera", facets.cameras),
    createOptionalField("artist", facets.artists),
    facets.ratings.length ? createRatingField(facets, state, onChange) : null,
    createSelect(t("filter.sort"), sorts, state.sort ?? "relevance", (sort) =>
      onChange({ sort: sort === "relevance" ? "" : sort }),
    ),
    createSelect(t("filter.group"), groups, state.group ?? "none", (group) =>
      onChange({ group: group === "none" ? "" : group }),
    ),
  );
}

/**
 * @param {Facets} facets
 * @param {State} state
 * @param {OnChange} onChange
 */
function createTags(facets, state, onChange) {
  const chips = facets.tags.map(({ value, count }) => {
    const isSet = state.tag.includes(value);
    const toggle = () => onChange({ tag: isSet ? state.tag.filter((tag) => tag !== value) : [...state.tag, value] });
    return createButton(`${value} ${count}`, toggle, { className: "chip", aria: { pressed: isSet } });
  });
  return createChipList(t("filter.tags"), chips);
}

/**
 * Return a chip for each filter that is set. A click removes the filter.
 *
 * @param {State} state
 * @param {OnChange} onChange
 */
function createChips(state, onChange) {
  /** @type {HTMLElement[]} */
  const chips = [];
  /** @param {string} text @param {Partial<State>} changes */
  const add = (text, changes) => {
    const label = `${t("part.remove")}: ${text}`;
    const chip = createButton(`${text} ×`, () => onChange(changes), { className: "chip on", aria: { label } });
    chips.push(chip);
    return chip;
  };
  for (const { text, changes } of listDateChips(state)) add(text, changes);
  if (state.source) add(shortenPath(state.source), { source: "" });
  if (state.in) add(t("filter.in", { folder: getFileName(state.in) }), { in: "" }).title = state.in;
  if (state.longer || state.shorter) {
    const index = findDuration(state);
    const text = index < 0 ? `${state.longer ?? ""}–${state.shorter ?? ""} s` : formatDuration(index);
    add(text, { longer: "", shorter: "" });
  }
  for (const field of /** @type {const} */ (["lang", "camera", "artist"])) {
    if (state[field]) add(state[field], { [field]: "" });
  }
  if (state.rating) add(formatMinRating(Number(state.rating)), { rating: "" });
  for (const tag of state.tag) add(`#${tag}`, { tag: state.tag.filter((other) => other !== tag) });
  for (const tag of state.shows) {
    add(t("machine.chip", { what: getTagName(tag) }), { shows: state.shows.filter((other) => other !== tag) });
  }
  for (const value of state.place) {
    showPlaceName(add(value, { place: state.place.filter((other) => other !== value) }), value);
  }
  for (const id of state.album) {
    const album = state.album.filter((other) => other !== id);
    showAlbumName(add(t("saved.album"), { album }), Number(id));
  }
  if (state.group) add(t("filter.grouped", { what: t(`group.${state.group}`) }), { group: "" });
  if (state.sort) add(t(`sort.${state.sort}`), { sort: "" });
  if (chips.length > 1) {
    const changes = { ...clearFilters(), type: state.type, sort: "", group: "" };
    chips.push(createButton(t("filter.clear"), () => onChange(changes), { className: "chip" }));
  }
  return chips;
}

/**
 * @param {HTMLElement} chip
 * @param {number} id
 */
async function showAlbumName(chip, id) {
  const { albums } = await listAlbums().catch(() => ({ albums: null }));
  const name = albums?.find((album) => album.id === id)?.name;
  if (!name) return;
  chip.textContent = `${name} ×`;
  chip.setAttribute("aria-label", `${t("part.remove")}: ${name}`);
}

export class FilterPanel {
  #onChange;
  #panel = getElement("filters");
  #map;
  /** @type {State | null} */
  #state = null;
  /** @type {HTMLElement[]} */
  #recognized = [];

  /** @param {OnChange} onChange called with changes to the state */
  constructor(onChange) {
    this.#onChange = onChange;
    loadTagNames().then(() => this.#state && this.show(this.#state, this.#recognized));
    this.#map = new MapPanel((place) => onChange({ place }));
    bindDisclosure(getElement("filters-toggle"), this.#panel, () => {
      if (this.#state) this.show(this.#state, this.#recognized);
    });
  }

  /**
   * Show the filters of a state.
   *
   * @param {State} state
   * @param {HTMLElement[]} [recognized] the chips of what was recognized in the text
   */
  async show(state, recognized = []) {
    this.#state = state;
    this.#map.show(state);
    this.#recognized = recognized;
    getElement("set").replaceChildren(...recognized, ...createChips(state, this.#onChange));
    const request = createRequest(state);
    const facets = await readFacets(request, this.#panel.hidden ? ["types"] : []).catch(() => null);
    if (state !== this.#state) return;
    showTypeCounts(document.querySelectorAll(/** @type {"input"} */ ("input[name=type]")), facets);
    if (this.#panel.hidden || !facets?.months) return;
    const tree = new FolderTree(request, state, (path) => this.#onChange({ in: path }));
    const content = [
      createHistogram(facets.months, state, this.#onChange),
      createFields(facets, state, this.#onChange),
      facets.folders.length ? tree.create(facets.folders) : "",
      facets.places.length ? createPlaceTree(facets.places, state, this.#onChange) : "",
      facets.tags.length ? createTags(facets, state, this.#onChange) : "",
      facets.machine_tags.length ? createMachineTags(facets, state, this.#onChange) : "",
    ];
    await keepFocus(this.#panel, () => this.#panel.replaceChildren(...content));
  }
}
