// The search page: collects what is asked, asks the server, shows hits.

import { describeAnswer, describeLibrary } from "./answer.js";
import { readFacets } from "../shared/api.js";
import { makeCard, ratioOf } from "./card.js";
import { watchDrops } from "../shared/drop.js";
import { FilterPanel } from "./filters.js";
import { Grid } from "./grid.js";
import { find, formatDate, make, t } from "../shared/make.js";
import { PartsBar, judge } from "./parts.js";
import { Results } from "./results.js";
import { SavedPanel } from "./saved.js";
import { Selection } from "./selection.js";
import { emptyFilters, isEmpty, makeRequest, readState, wordsOf, writeAddress } from "./state.js";
import { Viewer } from "./viewer.js";
import { Recorder } from "./voice.js";

const RECENT = 12;

const form = find("ask");
const box = find("text");
const status = find("status");
status.tabIndex = -1;
const speak = find("speak");

let state = readState();
let latest = 0;
let loading = null;
let tags = [];
// The text that was searched for, where typing errors were corrected.
let corrected = null;
// Its stop words.
let ignored = [];
const results = new Results();

const grid = new Grid(find("hits"), { makeCard: drawCard, ratioOf, dividerOf, more: () => loadMore() });
const selection = new Selection(() => grid.forEachShown((card, place) => markSelected(card, place)), listAll,
  () => state.album[0] ?? null);
const viewer = new Viewer({ entries: () => grid.entries, more: loadMore, like, closed: (place) => grid.focus(place) });
const panel = new FilterPanel((values) => change(values));
new SavedPanel(() => state, showFound, (text) => say([text], true));
const bar = new PartsBar({ read: () => state, change, say: (text, isWrong) => say([text], isWrong) });
const recorder = new Recorder(takeVoice, showLevel);

function say(parts, isWrong = false) {
  status.replaceChildren(...parts);
  status.classList.toggle("wrong", isWrong);
}

// The words to mark: those that were searched for.
const listWords = () => wordsOf({ ...state, q: corrected ?? state.q }, ignored);

function drawCard(hit, place, width) {
  return makeCard(hit, listWords(), selection.has(hit.item.id), width, {
    open: () => viewer.open(place, listWords(), state),
    select: (event) => selection.toggle(grid.entries, place, event.shiftKey),
    like: (weight) => like(hit.item, weight),
  });
}

function markSelected(card, place) {
  const isSelected = typeof place === "number" && selection.has(grid.entries[place]?.item.id);
  card.classList.toggle("selected", isSelected);
  card.querySelector(".select")?.setAttribute("aria-pressed", isSelected);
}

function dividerOf({ tier }) { return tier === "possible" ? t("tier.possible") : null; }

// What is not relevant comes by likelihood, so it has no groups.
const isUnsure = (tier) => tier === "possible" || tier === "closest";

function nameGroup() {
  if (state.group === "source") return ({ item, tier }) => (isUnsure(tier) ? null : item.path.split("/").slice(0, -1).join("/"));
  if (state.group !== "day") return null;
  return ({ item, tier }) => (isUnsure(tier) ? null : item.captured_at ? formatDate(`${item.captured_at.slice(0, 10)}T00:00:00`) : t("group.undated"));
}

const acts = { dropFilters, searchExactly: () => change({ exact: "1" }) };

function dropFilters() {
  for (const input of form.querySelectorAll("input[name=type]")) input.checked = false;
  change(emptyFilters());
}

async function run(keep = null) {
  const mine = ++latest;
  loading = null;
  results.clear();
  if (!isEmpty(state)) say([t("status.searching")]);
  try {
    const { answer, hits, show } = await results.begin(makeRequest(state), state.voice, keep?.count);
    const said = isEmpty(state) ? await describeLibrary(answer, state, acts) : describeAnswer(answer, hits, state, acts);
    if (mine !== latest) return;
    show();
    corrected = answer.query.corrected ?? null;
    ignored = answer.query.ignored ?? [];
    grid.groupOf = nameGroup();
    grid.set(hits);
    say(said);
    if (answer.query.voice_text) takeWords(answer.query.voice_translation ?? answer.query.voice_text);
    while (mine === latest && grid.entries.length < (keep?.count ?? 0) && await loadMore());
    if (mine !== latest) return;
    scrollTo({ top: keep?.top ?? 0 });
    // What had the focus may be gone; nobody must begin from the top of the page again.
    if (document.activeElement === document.body) status.focus({ preventScroll: true });
  } catch (error) {
    if (mine !== latest) return;
    state.voice = null;
    results.clear();
    grid.set([]);
    say([error.message], true);
  }
  panel.show(state);
}

// Returns whether there were more.
function loadMore() {
  if (loading) return loading;
  const mine = append(latest).finally(() => { if (loading === mine) loading = null; });
  loading = mine;
  return mine;
}

async function append(mine) {
  try {
    const hits = await results.more();
    if (mine === latest && hits.length) grid.append(hits);
    return hits.length > 0;
  } catch (error) {
    if (mine === latest) say([error.message], true);
    return false;
  }
}

// Items that a watched search has found, in place of an answer.
function showFound(items, name) {
  latest += 1;
  results.clear();
  grid.set(items.map((item) => ({ item, evidence: [], relevant: true, score: item.score, stacked: [] })));
  say([`${name}: `, make("strong", {}, t("status.hits", { n: items.length }))]);
}

async function listAll() {
  return (await results.listRelevant(grid.entries)).map((entry) => entry.item);
}

// What was heard becomes text that can be corrected and asked again.
function takeWords(heard) {
  state = { ...state, q: [state.q, heard].filter(Boolean).join(" "), voice: null };
  box.value = state.q;
  remember();
}

function takeVoice(blob) {
  speak.setAttribute("aria-pressed", "false");
  speak.style.removeProperty("--level");
  state = { ...state, voice: blob };
  run();
}

function showLevel(seconds, level) {
  speak.style.setProperty("--level", level.toFixed(2));
  say([t("voice.listening", { s: seconds.toFixed(0) })]);
}

function remember() {
  const target = writeAddress(state);
  if (target !== location.pathname + location.search) {
    history.replaceState({ ...history.state, place: { top: scrollY, count: grid.entries.length } }, "");
    history.pushState({}, "", target);
  }
  keepRecent(state.q);
}

function keepRecent(text) {
  const kept = JSON.parse(localStorage.getItem("recent") ?? "[]");
  const recent = text ? [text, ...kept.filter((one) => one !== text)].slice(0, RECENT) : kept;
  localStorage.setItem("recent", JSON.stringify(recent));
  find("recent").replaceChildren(...[...recent, ...tags].map((value) => make("option", { value })));
}

// The library's own tags are offered beside what was asked before.
async function offerTags() {
  const facets = await readFacets("").catch(() => null);
  tags = facets?.tags.map(({ value }) => (/\s/.test(value) ? `tag:"${value}"` : `tag:${value}`)) ?? [];
  keepRecent(null);
}

function change(values) {
  state = { ...state, ...values };
  submit();
}

function submit() {
  const q = box.value.trim();
  state = { ...state, q, exact: q === state.q ? state.exact : "", type: [...form.querySelectorAll("input[name=type]:checked")].map((one) => one.value) };
  remember();
  bar.show();
  run();
}

function like(item, weight, crop = null) {
  viewer.close();
  if (crop || weight === 0) {
    // A search of its own, not one more part of this.
    box.value = "";
    state = { ...state, pictures: [], likes: [{ id: item.id, weight: 1, crop }] };
    return submit();
  }
  judge(state, item.id, weight > 0);
  const likes = state.likes.filter((one) => one.id !== item.id);
  state = { ...state, likes: [...likes, { id: item.id, weight, crop: null }] };
  submit();
}

async function listen() {
  if (recorder.isRunning) return;
  try {
    await recorder.start();
    speak.setAttribute("aria-pressed", "true");
  } catch (error) {
    say([t("voice.denied", { reason: error.message })], true);
  }
}

function recall(keep) {
  state = readState();
  box.value = state.q ?? "";
  for (const input of form.querySelectorAll("input[name=type]")) input.checked = state.type.includes(input.value);
  bar.show();
  run(keep);
}

// Arrows go from hit to hit.
function moveFocus(key) {
  const card = document.activeElement?.closest(".hit");
  if (!card) return false;
  const place = Number(card.getAttribute("aria-posinset")) - 1;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid.rowLength(place), ArrowDown: grid.rowLength(place) }[key];
  const target = Math.min(Math.max(place + step, 0), grid.entries.length - 1);
  grid.focus(target);
  return true;
}

function readPlace() {
  const kept = JSON.parse(sessionStorage.getItem("place") ?? "null");
  return kept?.address === location.search ? kept : null;
}

form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
form.querySelector(".chips fieldset").addEventListener("change", () => submit());
box.addEventListener("search", () => { if (!box.value) submit(); });
find("skip").addEventListener("click", (event) => { event.preventDefault(); grid.focus(0); });
find("pick").addEventListener("click", () => find("file").click());
find("file").addEventListener("change", (event) => { bar.add([...event.target.files]); event.target.value = ""; });
// A click begins and another ends; held down, it listens until it is let go.
let pressed = 0;
speak.addEventListener("pointerdown", (event) => { if (event.button === 0 && !recorder.isRunning) { pressed = performance.now(); listen(); } });
speak.addEventListener("click", (event) => {
  const isHeld = pressed && performance.now() - pressed > 600;
  const hasBegun = pressed && !isHeld;
  pressed = 0;
  if (hasBegun) return;
  if (recorder.isRunning) recorder.stop();
  else if (!event.detail) listen(); // by keyboard
});
addEventListener("popstate", () => { if (!viewer.leave()) recall(history.state?.place); });
addEventListener("pagehide", () => {
  sessionStorage.setItem("place", JSON.stringify({ address: location.search, top: scrollY, count: grid.entries.length }));
});
addEventListener("paste", (event) => {
  if (event.clipboardData?.files.length) { event.preventDefault(); bar.add([...event.clipboardData.files]); }
});
watchDrops((data) => { if (data?.files.length) bar.add([...data.files]); });
addEventListener("keydown", (event) => {
  const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName) || find("viewer").open;
  if (isTyping) return;
  if ((event.ctrlKey || event.metaKey) && event.key === "a") { event.preventDefault(); selection.all(); }
  else if (event.key === "Escape" && selection.size) selection.clear();
  else if (event.key.startsWith("Arrow") && moveFocus(event.key)) event.preventDefault();
  else if (event.key === "/") { event.preventDefault(); box.focus(); box.select(); }
});
history.scrollRestoration = "manual";
offerTags();
recall(readPlace());
