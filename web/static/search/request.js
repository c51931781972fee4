/** Search requests, and the words of a query. */

import { isEmpty } from "./state.js";
import { addLanguage } from "./voice-language.js";

/** @import { Part, SearchFilters, SearchRequest, State } from "../shared/types.js" */

const ITEM_TYPES = ["image", "video", "audio", "document"];
// The weight of one liked or disliked item relative to the other parts of the query.
const LIKE_WEIGHT = 0.6;

// The filters of the page by their name in the address. A test compares fields and kinds with the server's declaration.
const FILTERS = /** @type {const} */ ({
  type: { field: "types", kind: "types" },
  source: { field: "sources", kind: "texts" },
  in: { field: "path", kind: "folder" },
  after: { field: "after", kind: "date" },
  before: { field: "before", kind: "date" },
  longer: { field: "longer", kind: "seconds" },
  shorter: { field: "shorter", kind: "seconds" },
  lang: { field: "languages", kind: "labels" },
  camera: { field: "camera", kind: "text" },
  artist: { field: "artist", kind: "text" },
  tag: { field: "tags", kind: "labels" },
  shows: { field: "machine_tags", kind: "labels" },
  rating: { field: "rating", kind: "stars" },
  album: { field: "albums", kind: "ids" },
  place: { field: "places", kind: "labels" },
});
const LIST_KINDS = ["types", "texts", "labels", "ids"];
const NUMBER_KINDS = ["seconds", "stars", "ids"];

/**
 * Return the filters of a state in the form that the server expects.
 *
 * @param {State} state
 * @returns {SearchFilters}
 */
export function createFilters(state) {
  /** @type {Record<string, unknown>} */
  const filters = { types: [], tags: [], albums: [] };
  for (const [name, { field, kind }] of Object.entries(FILTERS)) {
    const texts = [state[/** @type {keyof typeof FILTERS} */ (name)] ?? ""].flat().filter(Boolean);
    const values = NUMBER_KINDS.includes(kind) ? texts.map(Number) : texts;
    if (values.length) filters[field] = LIST_KINDS.includes(kind) ? values : values[0];
  }
  return /** @type {SearchFilters} */ (filters);
}

/**
 * Return the changes to a state that add a value of a filter, or null if the page has no such filter.
 *
 * @param {State} state
 * @param {string} field the name of the filter in a request
 * @param {string} value
 * @returns {Partial<State> | null}
 */
export function addFilter(state, field, value) {
  const name = /** @type {keyof typeof FILTERS | undefined} */ (
    Object.keys(FILTERS).find((one) => FILTERS[/** @type {keyof typeof FILTERS} */ (one)].field === field)
  );
  if (!name) return null;
  const present = state[name];
  return { [name]: Array.isArray(present) ? [...new Set([...present, value])] : value };
}

/**
 * Return the images and items of a query.
 *
 * @param {State} state
 * @returns {Part[]}
 */
function createParts(state) {
  const isMixed = Boolean(state.q || state.pictures.length || state.voice) || state.likes.length > 1;
  const images = state.pictures.map(({ id, crop }) => ({ query_image: id, ...(crop ? { crop } : {}) }));
  const likes = state.likes.map(({ id, weight, crop }) => ({
    item: id,
    weight: isMixed ? weight * LIKE_WEIGHT : weight,
    ...(crop ? { crop } : {}),
  }));
  return [...images, ...likes];
}

/**
 * Return the search request for a state. If there is nothing to search for, it requests all items.
 *
 * @param {State} state
 * @returns {SearchRequest}
 */
export function createRequest(state) {
  /** @type {SearchRequest} */
  const request = { ...createFilters(state), text: state.q ?? "" };
  if (!isEmpty(state)) request.parts = createParts(state);
  else if (!request.types.length) request.types = ITEM_TYPES;
  if (state.sort) request.sort = state.sort;
  if (state.exact) request.correct = false;
  if (state.literal.length) request.literal = state.literal;
  return addLanguage(request, state.voice);
}

/**
 * Return the search request for a state as the fields of an address.
 *
 * @param {State} state
 */
export function createAddressFields(state) {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(createRequest(state))) {
    for (const one of [value].flat()) {
      if (one !== "") fields.append(name, typeof one === "object" ? JSON.stringify(one) : String(one));
    }
  }
  return fields;
}

/**
 * Return the words of a query to highlight: without filters, excluded words and stop words.
 *
 * @param {{ q?: string }} state
 * @param {string[]} [stopWords]
 */
export function extractWords(state, stopWords = []) {
  const words = (state.q ?? "").replace(/(^|\s)(-\S+|[a-z]+:\S+)/gi, " ");
  if (!stopWords.length) return words;
  const patterns = stopWords.map((word) => {
    const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    // Scripts without spaces between words: a stop word may be part of a longer run of letters.
    const isUnspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(word);
    return isUnspaced ? escaped : `(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`;
  });
  return words.replace(new RegExp(patterns.join("|"), "gu"), " ");
}
