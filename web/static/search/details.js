/** The side panel of the viewer: the actions on an item, the evidence, and the details of the item. */

import { getMediaAddress, getThumbnailAddress } from "../shared/api.js";
import { createButton, createElement, highlightWords } from "../shared/dom.js";
import { describeEvidence, getFileName, isTimed } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { may } from "../shared/session.js";
import { createBreadcrumb } from "./breadcrumb.js";
import { createFacts } from "./facts.js";
import { createFinder } from "./finder.js";
import { createHeatmapButton } from "./heatmap.js";
import { createTimeline } from "./timeline.js";
import { createTranscript } from "./transcript.js";

/**
 * @import { Evidence, FullItem, Hit, Segment, State } from "../shared/types.js"
 * @import { Stage } from "./stage.js"
 *
 * @typedef {object} DetailsOptions
 * @property {string} words the words to highlight
 * @property {State} state
 * @property {Stage} stage
 * @property {(weight: number) => void} like search for items that are like this or, with a weight below 0, unlike
 */

// A document with this many passages or fewer needs no search field.
const MAX_PASSAGES_WITHOUT_FINDER = 4;

/**
 * Remove repeated evidence: several retrievers may find the same segment.
 *
 * @param {Evidence[]} evidence
 */
export function removeRepeated(evidence) {
  const seen = new Set();
  return evidence.filter(({ kind, start, page, snippet }) => {
    const key = [kind, start, page, snippet].join("|");
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/**
 * @param {Evidence} evidence
 * @param {string} words
 * @param {Stage} stage
 */
function createReason(evidence, words, stage) {
  const row =
    isTimed(evidence) && stage.player
      ? createButton(null, () => stage.seek(evidence.start), { className: "moment" })
      : createElement("div", { className: "moment" });
  row.append(
    createElement("small", {}, describeEvidence(evidence)),
    highlightWords(evidence.snippet ?? "", words),
    createElement("meter", { value: evidence.score, aria: { label: t("hit.relevance") } }),
  );
  return createElement("li", {}, row);
}

/**
 * Return links to the near-duplicates of an item.
 *
 * @param {number[]} ids
 */
function createDuplicates(ids) {
  const links = ids.map((id) => {
    const alt = t("view.stacked", { n: 1 });
    const image = createElement("img", { src: getThumbnailAddress({ id }), alt, loading: "lazy" });
    return createElement("a", { href: getMediaAddress(id), target: "_blank", rel: "noopener" }, image);
  });
  const title = createElement("h3", {}, t("view.stacked", { n: ids.length }));
  return createElement("div", { className: "copies" }, title, ...links);
}

/**
 * Return the side panel with the parts that need only the search result.
 *
 * @param {Hit} hit
 * @param {DetailsOptions} options
 */
export function createDetails({ item, evidence, stacked }, { words, state, stage, like }) {
  const isImage = item.type === "image";
  const tools = createElement(
    "div",
    { className: "tools" },
    createButton(t("part.like"), () => like(0)),
    createButton(t("part.unlike"), () => like(-1)),
    createElement("a", { href: getMediaAddress(item.id), target: "_blank", rel: "noopener" }, t("view.open")),
    isImage ? createHeatmapButton(item.id, state, () => stage.image) : null,
    isImage || item.type === "video" ? createButton(t("view.fullscreen"), () => stage.toggleFullscreen()) : null,
  );
  const side = createElement(
    "div",
    { className: "side" },
    createElement("h2", { id: "viewer-title" }, item.title || getFileName(item.path)),
    // Where files are on the server does not concern those who follow a link.
    may("search") ? createBreadcrumb(item, state) : null,
    tools,
  );
  const reasons = removeRepeated(evidence).map((one) => createReason(one, words, stage));
  if (reasons.length) side.append(createElement("h3", {}, t("view.why")), createElement("ul", {}, ...reasons));
  if (isImage) side.append(createElement("p", { className: "hint" }, t("view.crop_hint")));
  if (stacked?.length) side.append(createDuplicates(stacked));
  return side;
}

/**
 * Return the segments with text. Those of a recording are in order of time: its subtitles may come from several files.
 *
 * @param {Segment[]} segments
 */
export function listPassages(segments) {
  const passages = segments.filter((segment) => segment.text && segment.kind !== "name");
  return passages.every(isTimed) ? passages.sort((one, other) => (one.start ?? 0) - (other.start ?? 0)) : passages;
}

/**
 * Add the parts that need the full item to the side panel and the stage.
 *
 * @param {HTMLElement} side
 * @param {FullItem} item
 * @param {Hit} hit
 * @param {DetailsOptions} options
 */
export function addItemDetails(side, item, hit, { words, stage }) {
  const { player } = stage;
  const { film } = item;
  if (film) side.querySelector(".tools")?.append(createButton(t("view.film"), () => stage.toggleFilm(film)));
  side.append(createElement("h3", {}, t("view.details")), createFacts(item, words.trim()));
  const timeline = player && item.duration ? createTimeline(item, player, hit.evidence.filter(isTimed)) : null;
  if (timeline) stage.element.append(timeline.bar);
  const passages = listPassages(item.segments);
  if (player || passages.length > MAX_PASSAGES_WITHOUT_FINDER) {
    const seek = player ? /** @param {number} seconds */ (seconds) => stage.seek(seconds) : null;
    side.append(createFinder(item, (moments) => timeline?.show(moments), seek));
  }
  if (passages.length) {
    const title = t(item.type === "document" ? "view.text" : "view.transcript");
    (stage.paper ?? side).append(createTranscript(passages, words, player, title));
  }
  side.append(createElement("p", { className: "hint keys" }, listShortcuts(side, stage)));
}

/**
 * @param {HTMLElement} side
 * @param {Stage} stage
 */
function listShortcuts(side, stage) {
  const keys = [t("view.keys_all")];
  if (stage.player) keys.push(t("view.keys_play"));
  if (stage.image) keys.push(t("view.keys_image"));
  if (side.querySelector(".heat-toggle:not([hidden])")) keys.push(t("view.keys_heatmap"));
  return keys.join(" · ");
}
