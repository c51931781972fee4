// The search page: collects what is asked, asks the server, shows hits.

import { ask, readFacets, readStatus } from "./api.js";
import { makeCard, ratioOf } from "./card.js";
import { watchDrops } from "./drop.js";
import { FilterPanel } from "./filters.js";
import { Grid } from "./grid.js";
import { find, formatDate, make, makeButton, nameLanguage, t } from "./make.js";
import { PartsBar, judge } from "./parts.js";
import { SavedPanel } from "./saved.js";
import { Selection } from "./selection.js";
import { FILTERS, emptyFilters, isEmpty, makeRequest, readState, wordsOf, writeAddress } from "./state.js";
import { Viewer } from "./viewer.js";
import { Recorder } from "./voice.js";

const PAGE = 100;
const MOST = 1000;
const RECENT = 12;

const form = find("ask");
const box = find("text");
const status = find("status");
status.tabIndex = -1;
const speak = find("speak");

let state = readState();
let latest = 0;
let asked = null;
let next = null;
let loading = false;
let tags = [];

const grid = new Grid(find("hits"), { makeCard: drawCard, ratioOf, more: () => loadMore() });
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

function drawCard(hit, place, width) {
  return makeCard(hit, wordsOf(state), selection.has(hit.item.id), width, {
    open: () => viewer.open(place, wordsOf(state), state),
    select: (event) => selection.toggle(grid.entries, place, event.shiftKey),
    like: (weight) => like(hit.item, weight),
  });
}

function markSelected(card, place) {
  const isSelected = typeof place === "number" && selection.has(grid.entries[place]?.item.id);
  card.classList.toggle("selected", isSelected);
  card.querySelector(".select")?.setAttribute("aria-pressed", isSelected);
}

function nameGroup() {
  if (state.group === "source") return ({ item }) => item.path.split("/").slice(0, -1).join("/");
  if (state.group !== "day") return null;
  return ({ item }) => (item.captured_at ? formatDate(`${item.captured_at.slice(0, 10)}T00:00:00`) : t("group.undated"));
}

const hasFilters = () => state.type.length > 0 || FILTERS.some((name) => state[name]?.length);

const dropFilters = () => {
  for (const input of form.querySelectorAll("input[name=type]")) input.checked = false;
  change(emptyFilters());
};

function describe(answer) {
  const parts = [];
  const { voice_text, voice_language, voice_translation, language, only_english } = answer.query;
  if (voice_text) {
    const spoken = voice_language && voice_language !== document.documentElement.lang ? ` (${nameLanguage(voice_language)})` : "";
    parts.push(`${t("status.heard")} `, make("strong", {}, `“${voice_text}”`), spoken);
    if (voice_translation) parts.push(` ${t("status.translated")} `, make("strong", {}, `“${voice_translation}”`));
    parts.push(" — ");
  }
  if (only_english.length) parts.push(`${t("status.only_english", { language: nameLanguage(language), models: only_english.join(", ") })} · `);
  if (answer.nothing_relevant) {
    const isBare = state.all && !answer.hits.length;
    parts.push(make("strong", {}, t(isBare ? "status.none" : "status.nothing")), " ");
    if (!isBare) parts.push(state.all ? t("status.nearest") : makeButton(t("status.show_nearest"), () => change({ all: "1" })));
    if (hasFilters()) parts.push(" · ", makeButton(t("status.unfiltered"), dropFilters));
  } else {
    parts.push(make("strong", {}, t("status.hits", { n: answer.total })), ` ${t("status.took", { ms: Math.round(answer.took_ms) })}`);
    parts.push(...(state.all ? [`, ${t("status.also_nearest")} `, makeButton(t("status.fewer"), () => change({ all: "" }))] : [" ", makeButton(t("status.weaker"), () => change({ all: "1" }))]));
  }
  const { pending, failed, outdated } = answer.coverage;
  for (const lane of outdated) parts.push(` · ${t(`status.outdated.${lane}`)}`);
  if (pending) parts.push(` · ${t("status.pending", { n: pending })}`);
  if (failed) parts.push(" · ", make("a", { href: "/library?state=failed" }, t("status.failed", { n: failed })));
  return parts;
}

async function describeLibrary(answer) {
  const library = await readStatus();
  const counts = ["image", "video", "audio", "document"]
    .map((type) => [library.items[type]?.indexed ?? 0, type])
    .filter(([n]) => n)
    .map(([n, type]) => t(`count.${type}`, { n }));
  if (!counts.length) return [make("a", { href: "/library" }, t("status.empty"))];
  if (!answer.total) return [t("status.none"), " ", makeButton(t("status.unfiltered"), dropFilters)];
  if (hasFilters()) return [make("strong", {}, t("status.items", { n: answer.total }))];
  return [`${t("status.library")} `, make("strong", {}, counts.join(", "))];
}

async function run(keep = null) {
  const mine = ++latest;
  next = null;
  if (!isEmpty(state)) say([t("status.searching")]);
  try {
    const request = { ...makeRequest(state), limit: Math.min(MOST, Math.max(PAGE, keep?.count ?? 0)) };
    const answer = await ask(request, state.voice);
    const said = isEmpty(state) ? await describeLibrary(answer) : describe(answer);
    if (mine !== latest) return;
    asked = request;
    grid.groupOf = nameGroup();
    next = answer.next;
    grid.set(answer.hits);
    say(said);
    if (answer.query.voice_text) takeWords(answer.query.voice_translation ?? answer.query.voice_text);
    scrollTo({ top: keep?.top ?? 0 });
    // What had the focus may be gone; nobody must begin from the top of the page again.
    if (document.activeElement === document.body) status.focus({ preventScroll: true });
  } catch (error) {
    if (mine !== latest) return;
    state.voice = null;
    next = null;
    grid.set([]);
    say([error.message], true);
  }
  panel.show(state);
}

async function loadMore() {
  if (!next || loading) return;
  loading = true;
  const mine = latest;
  try {
    const answer = await ask({ ...asked, limit: PAGE * 2, cursor: next });
    if (mine !== latest) return;
    next = answer.next;
    grid.append(answer.hits);
  } catch (error) {
    if (mine === latest) say([error.message], true);
    next = null;
  } finally {
    loading = false;
  }
}

// Items that a watched search has found, in place of an answer.
function showFound(items, name) {
  latest += 1;
  next = null;
  grid.set(items.map((item) => ({ item, evidence: [], relevant: true, score: item.score, stacked: [] })));
  say([`${name}: `, make("strong", {}, t("status.hits", { n: items.length }))]);
}

// Every item of the answer, however many there are.
async function listAll() {
  let { entries } = grid;
  let cursor = next;
  while (cursor) {
    const answer = await ask({ ...asked, limit: MOST, cursor });
    entries = entries.concat(answer.hits);
    cursor = answer.next;
  }
  return entries.map((entry) => entry.item);
}

// What was heard becomes text that can be corrected and asked again.
function takeWords(heard) {
  state = { ...state, q: [state.q, heard].filter(Boolean).join(" "), voice: null };
  box.value = state.q;
  asked = makeRequest(state);
  next = null;
  remember();
}

function takeVoice(blob) {
  speak.setAttribute("aria-pressed", "false");
  speak.style.removeProperty("--level");
  state = { ...state, voice: blob, all: "" };
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
  submit(values.all);
}

// all: also what is not relevant, which another question does not ask for unless it says so.
function submit(all = "") {
  state = { ...state, all, q: box.value.trim(), type: [...form.querySelectorAll("input[name=type]:checked")].map((one) => one.value) };
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
  submit(state.all);
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
