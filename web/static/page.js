// The search page: collects the parts of a query, asks the server, shows hits.

import { ask, listItems, readStatus } from "./api.js";
import { makeCard } from "./hits.js";
import { Recorder } from "./voice.js";
import { openViewer } from "./viewer.js";

const find = (id) => document.getElementById(id);
const form = find("ask");
const box = find("text");
const grid = find("hits");
const status = find("status");
const more = find("more");
const speak = find("speak");

const pictures = [];
let like = null;
let crop = null;
let voice = null;
let latest = 0;
let next = null;

function readQuery() {
  const types = [...form.querySelectorAll("input[name=type]:checked")].map((input) => input.value);
  const parts = like ? [crop ? { item: like, crop } : { item: like }] : [];
  return { text: box.value.trim(), types, parts };
}

function isEmpty(query) {
  return !query.text && !pictures.length && !query.parts.length && !voice;
}

function say(parts, wrong = false) {
  status.replaceChildren(...parts);
  status.classList.toggle("wrong", wrong);
}

function makeStrong(text) {
  const element = document.createElement("strong");
  element.textContent = text;
  return element;
}

function makeButton(text, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.addEventListener("click", act);
  return element;
}

function showHits(hits, words) {
  for (const hit of hits) {
    const item = document.createElement("li");
    item.append(makeCard(hit, words, () => openViewer(hit, words, searchLike)));
    grid.append(item);
  }
}

function describe(answer, all) {
  const parts = [];
  if (answer.query.voice_text) parts.push("Heard: ", makeStrong(`“${answer.query.voice_text}”`), " — ");
  if (answer.nothing_relevant) {
    parts.push(makeStrong("Nothing relevant found."));
    if (all) parts.push(" These come nearest.");
    else parts.push(" ", makeButton("Show the nearest", () => run({ all: true })));
  } else {
    parts.push(makeStrong(answer.total === 1 ? "1 hit" : `${answer.total} hits`));
    parts.push(` in ${Math.round(answer.took_ms)} ms`);
    if (all) parts.push(", and what comes nearest");
    else parts.push(" ", makeButton("show weaker ones too", () => run({ all: true })));
  }
  const { pending, failed } = answer.coverage;
  if (pending) parts.push(` · ${pending} files are not indexed yet`);
  if (failed) parts.push(` · ${failed} files could not be read`);
  return parts;
}

// The words to mark: without filters and what is excluded.
function dropSigns(text) {
  return text.replace(/(^|\s)(-\S+|[a-z]+:\S+)/gi, " ");
}

async function run({ all = false, cursor = null } = {}) {
  const query = readQuery();
  if (isEmpty(query)) return showLibrary();
  const mine = ++latest;
  if (!cursor) say(["Searching…"]);
  try {
    const request = { ...query, all, limit: 40 };
    if (cursor) request.cursor = cursor;
    const answer = await ask(request, pictures.map((one) => one.blob), voice);
    if (mine !== latest) return;
    const words = `${dropSigns(query.text)} ${answer.query.voice_text ?? ""}`;
    if (!cursor) grid.replaceChildren();
    showHits(answer.hits, words);
    say(describe(answer, all));
    if (answer.query.voice_text) takeWords(answer.query.voice_text);
    next = answer.next ? () => run({ all, cursor: answer.next }) : null;
    more.hidden = !next;
  } catch (error) {
    if (mine !== latest) return;
    grid.replaceChildren();
    more.hidden = true;
    voice = null;
    say([error.message], true);
  }
}

// What was heard becomes text that can be corrected and asked again.
function takeWords(heard) {
  box.value = [box.value.trim(), heard].filter(Boolean).join(" ");
  voice = null;
  remember();
}

// Words and types live in the address, so that back, reload and sharing work.
function remember() {
  const query = readQuery();
  const address = new URLSearchParams();
  if (query.text) address.set("q", query.text);
  query.types.forEach((type) => address.append("type", type));
  if (like) address.set("like", like);
  if (like && crop) address.set("crop", crop.join(","));
  const target = address.size ? `/?${address}` : "/";
  if (target !== location.pathname + location.search) history.pushState(null, "", target);
}

function recall() {
  const address = new URLSearchParams(location.search);
  box.value = address.get("q") ?? "";
  like = Number(address.get("like")) || null;
  crop = like && address.has("crop") ? address.get("crop").split(",").map(Number) : null;
  const types = address.getAll("type");
  for (const input of form.querySelectorAll("input[name=type]")) input.checked = types.includes(input.value);
  showParts();
  run();
}

async function showLibrary() {
  const mine = ++latest;
  more.hidden = true;
  try {
    const [{ items }, library] = await Promise.all([listItems(), readStatus()]);
    if (mine !== latest) return;
    const names = { image: "picture", video: "video", audio: "recording", document: "document" };
    const counts = Object.entries(names)
      .map(([type, name]) => [library.items[type]?.indexed ?? 0, name])
      .filter(([number]) => number)
      .map(([number, name]) => `${number} ${name}${number === 1 ? "" : "s"}`);
    say(counts.length ? ["In your library: ", makeStrong(counts.join(", "))] : ["Your library is empty."]);
    grid.replaceChildren();
    showHits(items.map((item) => ({ item, evidence: [], relevant: true, score: null })), "");
  } catch (error) {
    if (mine === latest) say([error.message], true);
  }
}

function showParts() {
  const shown = pictures.map(({ url }, at) => makePart(url, "Picture to search by", () => pictures.splice(at, 1)));
  if (like) shown.push(makePart(`/api/v1/items/${like}/thumbnail`, "Search for more like this", () => { like = crop = null; }));
  find("parts").replaceChildren(...shown);
}

function makePart(url, label, drop) {
  const part = document.createElement("figure");
  part.className = "part";
  const image = document.createElement("img");
  image.src = url;
  image.alt = label;
  image.addEventListener("error", () => { image.removeAttribute("src"); });
  const button = makeButton("×", () => { drop(); showParts(); submit(); });
  button.setAttribute("aria-label", "Remove");
  part.append(image, button);
  return part;
}

function addPictures(files) {
  const chosen = [...files].filter((file) => file.type.startsWith("image/") || /\.(heic|avif)$/i.test(file.name));
  if (!chosen.length) return say(["That is not a picture."], true);
  for (const blob of chosen) pictures.push({ blob, url: URL.createObjectURL(blob) });
  showParts();
  submit();
}

function searchLike(item, region = null) {
  find("viewer").close();
  box.value = "";
  pictures.length = 0;
  like = item.id;
  crop = region;
  showParts();
  submit();
}

function submit() {
  remember();
  run();
}

async function toggleVoice() {
  if (recorder.isRunning) return recorder.stop();
  try {
    await recorder.start();
    speak.setAttribute("aria-pressed", "true");
    say(["Listening… click the microphone again when done."]);
  } catch (error) {
    say([`The microphone cannot be used: ${error.message}`], true);
  }
}

const recorder = new Recorder((blob) => {
  speak.setAttribute("aria-pressed", "false");
  voice = blob;
  run();
});

form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
form.querySelector(".chips").addEventListener("change", submit);
box.addEventListener("search", () => { if (!box.value) submit(); });
more.addEventListener("click", () => next?.());
find("pick").addEventListener("click", () => find("file").click());
find("file").addEventListener("change", (event) => { addPictures(event.target.files); event.target.value = ""; });
speak.addEventListener("click", toggleVoice);
addEventListener("popstate", recall);
addEventListener("paste", (event) => {
  if (event.clipboardData?.files.length) { event.preventDefault(); addPictures(event.clipboardData.files); }
});
addEventListener("dragover", (event) => {
  if (event.dataTransfer?.types.includes("Files")) { event.preventDefault(); find("drop").hidden = false; }
});
addEventListener("dragleave", (event) => { if (!event.relatedTarget) find("drop").hidden = true; });
addEventListener("drop", (event) => {
  event.preventDefault();
  find("drop").hidden = true;
  if (event.dataTransfer?.files.length) addPictures(event.dataTransfer.files);
});
recall();
