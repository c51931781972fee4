// What is asked, as one object; it lives in the address, so that back, forward, reload and sharing work.

// The filters of the page by their name in the address. A test compares fields and kinds with the server's declaration.
const FILTERS = {
  type: { field: "types", kind: "types" },
  source: { field: "sources", kind: "texts" },
  after: { field: "after", kind: "date" },
  before: { field: "before", kind: "date" },
  longer: { field: "longer", kind: "seconds" },
  shorter: { field: "shorter", kind: "seconds" },
  lang: { field: "languages", kind: "labels" },
  camera: { field: "camera", kind: "text" },
  artist: { field: "artist", kind: "text" },
  tag: { field: "tags", kind: "labels" },
  album: { field: "albums", kind: "ids" },
};
const LIST_KINDS = ["types", "texts", "labels", "ids"];
const NUMBER_KINDS = ["seconds", "ids"];
// Of these the page can set several values at once.
const LISTS = ["type", "tag", "album"];
const SINGLE = ["q", ...Object.keys(FILTERS).filter((name) => !LISTS.includes(name)), "sort", "group", "exact"];

const emptyState = () => ({ likes: [], pictures: [], ...Object.fromEntries(LISTS.map((name) => [name, []])) });

const readCrop = (text) => (text ? text.split("_").map(Number) : null);
const writeCrop = (crop) => (crop ? `@${crop.join("_")}` : "");

// likes: {id, weight, crop}: items that hits should be like, or with a weight below 0 unlike; pictures: {id, crop}: pictures
// of one's own that the server keeps; crop: the region that is meant, or null.
export function readState() {
  const address = new URLSearchParams(location.search);
  const state = emptyState();
  for (const name of SINGLE) if (address.get(name)) state[name] = address.get(name);
  for (const name of LISTS) state[name] = address.getAll(name);
  for (const one of address.getAll("like")) {
    const [id, crop] = one.split("@");
    if (Number(id)) state.likes.push({ id: Math.abs(Number(id)), weight: Number(id) < 0 ? -1 : 1, crop: readCrop(crop) });
  }
  for (const one of address.getAll("picture")) {
    const [id, crop] = one.split("@");
    state.pictures.push({ id, crop: readCrop(crop) });
  }
  return state;
}

export function writeAddress(state) {
  const address = new URLSearchParams();
  for (const name of SINGLE) if (state[name]) address.set(name, state[name]);
  for (const name of LISTS) for (const value of state[name]) address.append(name, value);
  for (const { id, weight, crop } of state.likes) address.append("like", `${weight < 0 ? -id : id}${writeCrop(crop)}`);
  for (const { id, crop } of state.pictures) address.append("picture", `${id}${writeCrop(crop)}`);
  return address.size ? `/?${address}` : "/";
}

export const emptyFilters = () => Object.fromEntries(Object.keys(FILTERS).map((name) => [name, LISTS.includes(name) ? [] : ""]));

export const isEmpty = (state) => !state.q && !state.likes.length && !state.pictures.length && !state.voice;

// The filters as the server takes them.
export function readFilters(state) {
  const filters = {};
  for (const [name, { field, kind }] of Object.entries(FILTERS)) {
    const values = [state[name] ?? ""].flat().filter(Boolean).map(NUMBER_KINDS.includes(kind) ? Number : String);
    if (values.length || LISTS.includes(name)) filters[field] = LIST_KINDS.includes(kind) ? values : values[0];
  }
  return filters;
}

const ALL_TYPES = ["image", "video", "audio", "document"];
// How much one item that hits should be like, or unlike, counts beside words.
const LIKE_WEIGHT = 0.6;

export function makeRequest(state) {
  const request = { ...readFilters(state), text: state.q ?? "" };
  if (isEmpty(state)) {
    if (!request.types.length) request.types = ALL_TYPES;
  } else {
    const mixed = Boolean(state.q || state.pictures.length || state.voice) || state.likes.length > 1;
    const pictures = state.pictures.map(({ id, crop }) => ({ query_image: id, ...(crop ? { crop } : {}) }));
    const likes = state.likes.map(({ id, weight, crop }) => ({
      item: id, weight: mixed ? weight * LIKE_WEIGHT : weight, ...(crop ? { crop } : {}),
    }));
    request.parts = [...pictures, ...likes];
  }
  if (state.sort) request.sort = state.sort;
  if (state.exact) request.correct = false;
  return request;
}

// The words to mark: without filters, what is excluded, and stop words, which are `ignored`.
export function wordsOf(state, ignored = []) {
  const words = (state.q ?? "").replace(/(^|\s)(-\S+|[a-z]+:\S+)/gi, " ");
  if (!ignored.length) return words;
  const escaped = ignored.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  // In scripts that put no spaces between words, stop words stand within runs.
  const isUnspaced = (word) => /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(word);
  const patterns = escaped.map((word) => (isUnspaced(word) ? word : `(?<![\\p{L}\\p{N}])${word}(?![\\p{L}\\p{N}])`));
  return words.replace(new RegExp(patterns.join("|"), "gu"), " ");
}
