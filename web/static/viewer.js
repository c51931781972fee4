// One item in full: picture, player at the moment found, or passages, with the evidence beside it.

import { mediaAddress, readItem, thumbnailAddress } from "./api.js";
import { drawBox } from "./crop.js";
import { explain, formatTime, hasPicture, markWords, nameItem } from "./hits.js";

// Formats that browsers do not show; the thumbnail stands in.
const NOT_SHOWN = /\.(heic|heif|tiff?)$/i;
const dialog = document.getElementById("viewer");

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function makeStage(item, start, searchLike) {
  if (item.type === "image") {
    const shown = NOT_SHOWN.test(item.path) ? thumbnailAddress(item) : mediaAddress(item);
    const image = make("img", { src: shown, alt: nameItem(item) });
    return [drawBox(image, (crop) => searchLike(item, crop)), null];
  }
  if (item.type === "document") {
    if (!hasPicture(item)) return [make("span", { className: "glyph" }, "¶"), null];
    const cover = make("img", { src: thumbnailAddress(item), alt: "" });
    cover.addEventListener("error", () => cover.remove());
    return [cover, null];
  }
  const player = make(item.type, { controls: true, preload: "metadata", src: mediaAddress(item) });
  player.addEventListener("loadedmetadata", () => { player.currentTime = start; }, { once: true });
  return [player, player];
}

function makeMoment(one, words, player) {
  const timed = one.start !== undefined && one.start !== null && player;
  const label = "lane" in one ? explain(one) : timed ? formatTime(one.start) : one.page ? `page ${one.page}` : "";
  const text = one.snippet ?? one.text ?? "";
  const row = make(timed ? "button" : "div", { className: "moment" }, make("small", {}, label));
  row.append(markWords(text, words));
  if (timed) {
    row.type = "button";
    row.addEventListener("click", () => { player.currentTime = one.start; player.play(); });
    player.addEventListener("timeupdate", () => {
      row.classList.toggle("now", player.currentTime >= one.start && player.currentTime < (one.end ?? Infinity));
    });
  }
  return make("li", {}, row);
}

function makeList(title, moments, words, player) {
  if (!moments.length) return [];
  return [make("h3", {}, title), make("ul", {}, ...moments.map((one) => makeMoment(one, words, player)))];
}

function makeCopies(ids) {
  const images = ids.map((id) => make("img", { src: thumbnailAddress({ id }), alt: "near-identical picture", loading: "lazy" }));
  const links = images.map((image, at) => make("a", { href: mediaAddress({ id: ids[at] }), target: "_blank", rel: "noopener" }, image));
  return make("div", { className: "copies" }, make("h3", {}, `${ids.length} near-identical`), ...links);
}

// Two lanes may speak for the same segment; a reader needs it once.
function dropRepeated(evidence) {
  const seen = new Set();
  return evidence.filter((one) => {
    const place = [one.kind, one.start, one.page, one.snippet].join("|");
    return !seen.has(place) && seen.add(place);
  });
}

export async function openViewer(hit, words, searchLike) {
  const { item } = hit;
  const start = hit.evidence.find((one) => one.start !== null && one.start !== undefined)?.start ?? 0;
  const [shown, player] = makeStage(item, start, searchLike);
  const close = make("button", { type: "button", className: "close" }, "×");
  close.setAttribute("aria-label", "Close");
  close.addEventListener("click", () => dialog.close());
  const side = make("div", { className: "side" });
  side.append(
    make("h2", { id: "viewer-title" }, item.title || nameItem(item)),
    make("p", { className: "path" }, item.path),
    ...makeList("Why it is here", dropRepeated(hit.evidence), words, player),
  );
  const similar = make("button", { type: "button" }, "More like this");
  similar.addEventListener("click", () => searchLike(item));
  const original = make("a", { href: mediaAddress(item), target: "_blank", rel: "noopener" }, "Open the file");
  side.append(make("div", { className: "tools" }, similar, original));
  if (item.type === "image") side.append(make("p", { className: "hint" }, "Drag a box on the picture to search by that part."));
  if (hit.stacked?.length) side.append(makeCopies(hit.stacked));
  dialog.replaceChildren(make("div", { className: "sheet" }, make("div", { className: "stage" }, shown), side), close);
  dialog.showModal();
  if (item.type === "image") return;
  const full = await readItem(item.id).catch(() => null);
  const texts = (full?.segments ?? []).filter((one) => one.text && one.kind !== "name");
  side.append(...makeList(item.type === "document" ? "Text" : "Transcript", texts, words, player));
}

dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
dialog.addEventListener("close", () => dialog.replaceChildren());
