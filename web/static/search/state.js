/**
 * The query and the filters as one object. It is stored in the address of the page, so that back, forward, reload and
 * shared links work.
 */

/** @import { Crop, State } from "../shared/types.js" */

const SINGLE_FIELDS = /** @type {const} */ ([
  "q",
  "source",
  "in",
  "after",
  "before",
  "longer",
  "shorter",
  "lang",
  "camera",
  "artist",
  "rating",
  "sort",
  "group",
  "exact",
]);
const LIST_FIELDS = /** @type {const} */ (["type", "tag", "shows", "album", "place", "literal"]);
const SINGLE_FILTERS = /** @type {const} */ ([
  "source",
  "in",
  "after",
  "before",
  "longer",
  "shorter",
  "lang",
  "camera",
  "artist",
  "rating",
]);
const LIST_FILTERS = /** @type {const} */ (["tag", "shows", "album", "place"]);

/**
 * @param {string | undefined} text
 * @returns {Crop | null}
 */
const readCrop = (text) => (text ? /** @type {Crop} */ (text.split("_").map(Number)) : null);

/** @param {Crop | null} crop */
const writeCrop = (crop) => (crop ? `@${crop.join("_")}` : "");

/**
 * Read the state from the query string of an address.
 *
 * @param {string} [query]
 * @returns {State}
 */
export function readState(query = location.search) {
  const fields = new URLSearchParams(query);
  /** @type {State} */
  const state = { likes: [], pictures: [], type: [], tag: [], shows: [], album: [], place: [], literal: [] };
  for (const name of SINGLE_FIELDS) {
    const value = fields.get(name);
    if (value) state[name] = value;
  }
  for (const name of LIST_FIELDS) state[name] = fields.getAll(name);
  for (const text of fields.getAll("like")) {
    const [id, crop] = text.split("@");
    const number = Number(id);
    if (number) state.likes.push({ id: Math.abs(number), weight: number < 0 ? -1 : 1, crop: readCrop(crop) });
  }
  for (const text of fields.getAll("picture")) {
    const [id, crop] = text.split("@");
    state.pictures.push({ id: id ?? "", crop: readCrop(crop) });
  }
  return state;
}

/**
 * Return the address of the search page for a state.
 *
 * @param {State} state
 */
export function writeAddress(state) {
  const fields = new URLSearchParams();
  for (const name of SINGLE_FIELDS) {
    const value = state[name];
    if (value) fields.set(name, value);
  }
  for (const name of LIST_FIELDS) for (const value of state[name]) fields.append(name, value);
  for (const { id, weight, crop } of state.likes) fields.append("like", `${weight < 0 ? -id : id}${writeCrop(crop)}`);
  for (const { id, crop } of state.pictures) fields.append("picture", `${id}${writeCrop(crop)}`);
  const query = fields.toString();
  return query ? `/?${query}` : "/";
}

/** Return the changes to a state that remove all filters. */
export function clearFilters() {
  const single = Object.fromEntries(SINGLE_FILTERS.map((name) => [name, ""]));
  return { ...single, type: [], tag: [], shows: [], album: [], place: [] };
}

/**
 * Return whether a state has filters.
 *
 * @param {State} state
 */
export const hasFilters = (state) =>
  state.type.length > 0 ||
  SINGLE_FILTERS.some((name) => state[name]) ||
  LIST_FILTERS.some((name) => state[name].length > 0);

/**
 * Return whether a state has nothing to search for. It may have filters.
 *
 * @param {State} state
 */
export const isEmpty = (state) => !state.q && !state.likes.length && !state.pictures.length && !state.voice;

/**
 * Return a state with a text. Of another text, errors are corrected and words are recognized again.
 *
 * @param {State} state
 * @param {string} q
 * @returns {State}
 */
export const setText = (state, q) => (q === state.q ? state : { ...state, q, exact: "", literal: [] });
