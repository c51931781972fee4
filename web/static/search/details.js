/** The side panel of the viewer: the actions on an item, the evidence, and the details of the item. */

import { getMediaAddress, getThumbnailAddress } from "../shared/api.js";
import { createButton, createElement } from "../shared/dom.js";
import { getFileName, isTimed } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { may } from "../shared/session.js";
import { createBreadcrumb } from "./breadcrumb.js";
import { createFacts } from "./facts.js";
import { createFinder } from "./finder.js";
import { createHeatmapButton } from "./heatmap.js";
import { createMoment } from "./moment.js";
import { createTimeline } from "./timeline.js";
import { createChapters, createClipLink, createTranscriptTools, keepLanguage, listLanguages } from "./tracks.js";
import { createTranscript } from "./transcript.js";
import { createActions } from "./viewer-actions.js";

/**
 * @import { Evidence, FullItem, Hit, Item, Segment, State } from "../shared/types.js"
 * @import { Place } from "./place.js"
 * @import { Stage } from "./stage.js"
 * @import { Transcript } from "./transcript.js"
 *
 * @typedef {object} DetailsOptions
 * @property {string} words the words to highlight
 * @property {State} state
 * @property {Stage} stage
 * @property {Place} place what is shown first
 * @property {() => string} getLink returns the address of what is shown
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
 * @param {Item} item
 * @param {string} words
 * @param {Stage} stage
 */
function createReason(evidence, item, words, stage) {
  const reason = createMoment(evidence, item, words, stage);
  reason.firstElementChild?.append(
    createElement("meter", { value: evidence.score, aria: { label: t("hit.relevance") } }),
  );
  return reason;
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
export function createDetails({ item, evidence, stacked }, { words, state, stage, getLink, like }) {
  const isImage = item.type === "image";
  const actions = createActions(item, getLink);
  const tools = createElement(
    "div",
    { className: "tools" },
    createButton(t("part.like"), () => like(0)),
    createButton(t("part.unlike"), () => like(-1)),
    createElement("a", { href: getMediaAddress(item.id), target: "_blank", rel: "noopener" }, t("view.open")),
    isImage ? createHeatmapButton(item.id, state, () => stage.image) : null,
    isImage || item.type === "video" ? createButton(t("view.fullscreen"), () => stage.toggleFullscreen()) : null,
    ...actions.controls,
  );
  const side = createElement(
    "div",
    { className: "side" },
    createElement("h2", { id: "viewer-title" }, item.title || getFileName(item.path)),
    // Where files are on the server does not concern those who follow a link.
    may("search") ? createBreadcrumb(item, state) : null,
    tools,
    actions.status,
  );
  const reasons = removeRepeated(evidence).map((one) => createReason(one, item, words, stage));
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

/** @param {Segment} segment whether it was read in an image */
const isWritten = ({ kind }) => kind === "ocr";

/**
 * Add the parts that need the full item to the side panel and the stage.
 *
 * @param {HTMLElement} side
 * @param {FullItem} item
 * @param {Hit} hit
 * @param {DetailsOptions} options
 */
export function addItemDetails(side, item, hit, { words, stage, place }) {
  const { player } = stage;
  const { film } = item;
  if (film) side.querySelector(".tools")?.append(createButton(t("view.film"), () => stage.toggleFilm(film)));
  side.append(createElement("h3", {}, t("view.details")), createFacts(item));
  const timeline = player && item.duration ? createTimeline(item, player, hit.evidence.filter(isTimed)) : null;
  if (timeline) stage.element.append(timeline.bar);
  const chapters = player && createChapters(item.segments, (seconds) => stage.seek(seconds));
  if (chapters) side.append(chapters);
  if (player) side.querySelector(".tools")?.append(createClipLink(item, player, hit.evidence));
  addTexts(side, item, hit, { words, stage, place }, (moments) => timeline?.show(moments));
  side.append(createElement("p", { className: "hint keys" }, listShortcuts(side, stage)));
}

/**
 * Add the texts of an item, and the field that finds words in them.
 *
 * @param {HTMLElement} side
 * @param {FullItem} item
 * @param {Hit} hit
 * @param {Pick<DetailsOptions, "words" | "stage" | "place">} options
 * @param {(moments: Evidence[] | null) => void} showMoments
 */
function addTexts(side, item, hit, { words, stage, place }, showMoments) {
  const { player } = stage;
  const languages = listLanguages(item);
  const title = t(item.type === "document" ? "view.text" : "view.transcript");
  /** @param {string | undefined} language */
  const createText = (language) => {
    const told = listPassages(keepLanguage(item.segments, item, language)).filter((segment) => !isWritten(segment));
    return told.length ? createTranscript(told, item, words, stage, title) : null;
  };
  let transcript = createText(languages[0]);
  const passages = listPassages(item.segments);
  if (player || passages.length > MAX_PASSAGES_WITHOUT_FINDER) {
    /** @param {string} typed */
    const filter = (typed) => transcript?.filter(typed) ?? false;
    side.append(createFinder(item, { stage, filter, onResults: showMoments }));
  }
  if (player && passages.some((segment) => segment.kind === "speech")) {
    const tools = createTranscriptTools(item, languages, (language) => {
      const other = createText(language);
      if (!other || !transcript) return;
      transcript.element.replaceWith(other.element);
      transcript = other;
      stage.showSegment = other.show;
      other.follow?.(player.currentTime);
    });
    side.append(tools);
  }
  if (transcript) showTranscript(transcript, side, hit, stage, place);
  stage.onPaper = () => {
    transcript?.element.remove();
    transcript = createText(languages[0]);
    if (transcript) showTranscript(transcript, side, hit, stage, place);
  };
  const written = passages.filter(isWritten);
  if (written.length) side.append(createTranscript(written, item, words, stage, t("view.written")).element);
}

/**
 * Add a text to the viewer, scrolled to what was found or to the moment that is shown.
 *
 * @param {Transcript} transcript
 * @param {HTMLElement} side
 * @param {Hit} hit
 * @param {Stage} stage
 * @param {Place} place
 */
function showTranscript(transcript, side, hit, stage, place) {
  (stage.paper ?? side).append(transcript.element);
  stage.showSegment = transcript.show;
  const { player } = stage;
  if (player) transcript.follow?.(player.currentTime || (place.time ?? 0));
  else if (stage.paper) transcript.show(hit.evidence.find((evidence) => evidence.kind !== "name")?.segment ?? 0);
}

/**
 * @param {HTMLElement} side
 * @param {Stage} stage
 */
function listShortcuts(side, stage) {
  const keys = [t("view.keys_all")];
  if (stage.player) keys.push(t("view.keys_play"));
  if (stage.image) keys.push(t("view.keys_image"));
  if (stage.pager) keys.push(t("view.keys_pages"));
  if (side.querySelector(".heat-toggle:not([hidden])")) keys.push(t("view.keys_heatmap"));
  return keys.join(" · ");
}
