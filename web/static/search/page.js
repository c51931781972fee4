/** The search page: reads the query, sends it and shows the results. */

import { createElement, getElement } from "../shared/dom.js";
import { getErrorMessage } from "../shared/errors.js";
import { t } from "../shared/i18n.js";
import { locate, mayKeepQueries } from "../shared/site.js";
import { describeAnswer, describeLibrary } from "./answer.js";
import { createCard } from "./card.js";
import { getAspectRatio } from "./face.js";
import { FilterPanel } from "./filters.js";
import { Grid } from "./grid.js";
import { createGrouping, getDivider } from "./grouping.js";
import { bindImageInput } from "./image-input.js";
import { bindKeys } from "./keys.js";
import { PartsBar, storeFeedback } from "./parts.js";
import { readFromHistory, readFromSession, storeInHistory, storeInSession } from "./position.js";
import { createRequest, extractWords } from "./request.js";
import { Results } from "./results.js";
import { SavedPanel } from "./saved.js";
import { Selection } from "./selection.js";
import { clearFilters, isEmpty, readState, writeAddress } from "./state.js";
import { addRecent, loadSuggestions } from "./suggestions.js";
import { Viewer } from "./viewer.js";
import { bindVoiceButton } from "./voice.js";

/**
 * @import { AnswerQuery, Crop, Hit, Item, State } from "../shared/types.js"
 * @import { Position } from "./position.js"
 */

const form = getElement("ask", HTMLFormElement);
const textField = getElement("text", HTMLInputElement);
const status = getElement("status");
status.tabIndex = -1;
/** @type {HTMLInputElement[]} */
const typeBoxes = [...form.querySelectorAll(/** @type {"input"} */ ("input[name=type]"))];

let state = readState();
let latestSearch = 0;
/** @type {Promise<boolean> | null} */
let loading = null;
/** @type {Pick<AnswerQuery, "corrected" | "ignored">} what the server changed in the text of the query */
let interpreted = {};
const results = new Results();

/** @type {Grid} */
const grid = new Grid(getElement("hits"), {
  createCard: createGridCard,
  getRatio: getAspectRatio,
  getDivider,
  loadMore: () => loadMore(),
});
/** @type {Selection} */
const selection = new Selection({
  onChange: () => grid.forEachCard(markSelected),
  listAll: async () => (await results.listRelevant(grid.entries)).map((entry) => entry.item),
  getAlbum: () => state.album[0] ?? null,
});
const viewer = new Viewer({
  getEntries: () => grid.entries,
  loadMore,
  like,
  onClose: (index) => grid.focus(index),
});
const filterPanel = new FilterPanel(change);
new SavedPanel({
  getState: () => state,
  showItems: showNewMatches,
  showError: (message) => showStatus([message], true),
});
const partsBar = new PartsBar({
  getState: () => state,
  onChange: change,
  showStatus: (text, isError) => showStatus([text], isError),
});
const actions = { dropFilters, searchExactly: () => change({ exact: "1" }) };

/**
 * @param {(string | Node)[]} parts
 * @param {boolean} [isError]
 */
function showStatus(parts, isError = false) {
  status.replaceChildren(...parts);
  status.classList.toggle("wrong", isError);
}

/** Return the words to highlight: those that were searched for. */
const getWords = () => extractWords({ q: interpreted.corrected ?? state.q ?? "" }, interpreted.ignored ?? []);

/**
 * @param {Hit} hit
 * @param {number} index
 * @param {number} width in pixels
 */
function createGridCard(hit, index, width) {
  return createCard(hit, {
    words: getWords(),
    width,
    isSelected: selection.has(hit.item.id),
    open: () => viewer.open(index, getWords(), state),
    select: (event) => selection.toggle(grid.entries, index, event.shiftKey),
    like: (weight) => like(hit.item, weight),
  });
}

/**
 * @param {HTMLElement} card
 * @param {Hit} entry
 */
function markSelected(card, entry) {
  const isSelected = selection.has(entry.item.id);
  card.classList.toggle("selected", isSelected);
  card.querySelector(".select")?.setAttribute("aria-pressed", String(isSelected));
}

function dropFilters() {
  for (const box of typeBoxes) box.checked = false;
  change(clearFilters());
}

/**
 * Search for the current state and show the results.
 *
 * @param {Position} [position] the scroll position to restore
 */
async function run(position) {
  latestSearch += 1;
  const thisSearch = latestSearch;
  const isLatest = () => thisSearch === latestSearch;
  loading = null;
  results.clear();
  if (!isEmpty(state)) showStatus([t("status.searching")]);
  try {
    const { answer, hits, show } = await results.begin(createRequest(state), state.voice, position?.count);
    const description = isEmpty(state)
      ? await describeLibrary(answer, state, actions)
      : describeAnswer(answer, hits.length, state, actions);
    if (!isLatest()) return;
    show();
    interpreted = answer.query;
    grid.getGroup = createGrouping(state.group);
    grid.set(hits);
    showStatus(description);
    const spoken = answer.query.voice_translation ?? answer.query.voice_text;
    if (answer.query.voice_text && spoken) addSpokenWords(spoken);
    while (isLatest() && grid.entries.length < (position?.count ?? 0) && (await loadMore()));
    if (!isLatest()) return;
    scrollTo({ top: position?.top ?? 0 });
    // If the element with the focus was removed, keyboard users would start again at the top of the page.
    if (document.activeElement === document.body) status.focus({ preventScroll: true });
  } catch (error) {
    if (!isLatest()) return;
    state.voice = null;
    results.clear();
    grid.set([]);
    showStatus([getErrorMessage(error)], true);
  }
  filterPanel.show(state);
}

/**
 * Load more results, once at a time.
 *
 * @returns {Promise<boolean>} whether there were more
 */
function loadMore() {
  if (loading) return loading;
  const current = appendResults(latestSearch).finally(() => {
    if (loading === current) loading = null;
  });
  loading = current;
  return current;
}

/** @param {number} search */
async function appendResults(search) {
  try {
    const hits = await results.more();
    if (search === latestSearch && hits.length) grid.append(hits);
    return hits.length > 0;
  } catch (error) {
    if (search === latestSearch) showStatus([getErrorMessage(error)], true);
    return false;
  }
}

/**
 * Show the new matches of a watched search in place of an answer.
 *
 * @param {(Item & { score: number })[]} items
 * @param {string} name
 */
function showNewMatches(items, name) {
  latestSearch += 1;
  results.clear();
  grid.set(items.map((item) => ({ item, evidence: [], relevant: true, score: item.score, stacked: [] })));
  showStatus([`${name}: `, createElement("strong", {}, t("status.hits", { n: items.length }))]);
}

/**
 * Put spoken words into the text field, where they can be corrected.
 *
 * @param {string} words
 */
function addSpokenWords(words) {
  state = { ...state, q: [state.q, words].filter(Boolean).join(" "), voice: null };
  textField.value = state.q ?? "";
  updateAddress();
}

function updateAddress() {
  if (!mayKeepQueries()) return;
  const address = locate(writeAddress(state));
  if (address !== location.pathname + location.search) {
    storeInHistory(grid.entries.length);
    history.pushState({}, "", address);
  }
  addRecent(state.q);
}

/**
 * Change the state and search.
 *
 * @param {Partial<State>} changes
 */
function change(changes) {
  state = { ...state, ...changes };
  submit();
}

/** Search with the text and the types that are set in the form. */
function submit() {
  const q = textField.value.trim();
  const type = typeBoxes.filter((box) => box.checked).map((box) => box.value);
  state = { ...state, q, type, exact: q === state.q ? (state.exact ?? "") : "" };
  updateAddress();
  partsBar.show();
  run();
}

/**
 * Search for items that are like an item or, with a weight below 0, unlike it.
 *
 * @param {Item} item
 * @param {number} weight 1 or -1 to add the item to the query, 0 to search only for items like this
 * @param {Crop | null} [crop] search only for items like this region
 */
function like(item, weight, crop = null) {
  viewer.close();
  if (crop || weight === 0) {
    textField.value = "";
    return change({ pictures: [], likes: [{ id: item.id, weight: 1, crop }] });
  }
  storeFeedback(state, item.id, weight > 0);
  const others = state.likes.filter((other) => other.id !== item.id);
  change({ likes: [...others, { id: item.id, weight, crop: null }] });
}

/**
 * Restore the state from the address and search.
 *
 * @param {Position} [position] the scroll position to restore
 */
function restore(position) {
  state = readState();
  textField.value = state.q ?? "";
  for (const box of typeBoxes) box.checked = state.type.includes(box.value);
  partsBar.show();
  run(position);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
form.querySelector(".chips fieldset")?.addEventListener("change", () => submit());
textField.addEventListener("search", () => {
  if (!textField.value) submit();
});
getElement("skip").addEventListener("click", (event) => {
  event.preventDefault();
  grid.focus(0);
});
bindImageInput((files) => partsBar.add(files));
bindVoiceButton({
  onRecording: (voice) => {
    state = { ...state, voice };
    run();
  },
  showStatus: (text, isError) => showStatus([text], isError),
});
addEventListener("popstate", () => {
  if (!viewer.handlePopState()) restore(readFromHistory());
});
addEventListener("pagehide", () => storeInSession(grid.entries.length));
bindKeys({ grid, selection, textField });
history.scrollRestoration = "manual";
loadSuggestions();
restore(readFromSession());
