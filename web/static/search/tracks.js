/** The chapters of a recording, the languages of its subtitles, its transcript as a file, and clips of it. */

import { getClipAddress, getSubtitlesAddress } from "../shared/api.js";
import { createButton, createElement } from "../shared/dom.js";
import { formatLanguage, formatTime, isTimed } from "../shared/format.js";
import { t } from "../shared/i18n.js";

/** @import { Evidence, FullItem, Segment } from "../shared/types.js" */

// A clip has this many seconds before and after a moment, and this many if there is no moment.
const CLIP_MARGIN_SECONDS = 1;
const CLIP_SECONDS = 10;

/**
 * Return the languages of the speech of a recording, its main language first.
 *
 * @param {FullItem} item
 */
export function listLanguages(item) {
  const spoken = item.segments.filter((segment) => segment.kind === "speech");
  const languages = [...new Set(spoken.map((segment) => segment.language ?? item.language ?? ""))].filter(Boolean);
  return languages.sort((one, other) => Number(other === item.language) - Number(one === item.language));
}

/**
 * Return the speech in one language, without chapters, which have their own list.
 *
 * @param {Segment[]} segments
 * @param {FullItem} item
 * @param {string | undefined} language
 */
export const keepLanguage = (segments, item, language) =>
  segments.filter(
    (segment) =>
      segment.kind !== "chapter" &&
      (segment.kind !== "speech" || !language || (segment.language ?? item.language) === language),
  );

/**
 * Return a list of chapters, each of which plays the recording from its start; null without chapters.
 *
 * @param {Segment[]} segments
 * @param {(seconds: number) => void} seek
 */
export function createChapters(segments, seek) {
  const chapters = segments.filter((segment) => segment.kind === "chapter" && isTimed(segment));
  if (!chapters.length) return null;
  const rows = chapters.map(({ start, text }) => {
    const button = createButton(null, () => seek(start ?? 0), { className: "moment" });
    button.append(createElement("small", {}, formatTime(start ?? 0)), text);
    return createElement("li", {}, button);
  });
  const title = createElement("h3", {}, t("view.chapters"));
  return createElement("section", { className: "chapters" }, title, createElement("ul", {}, ...rows));
}

/**
 * Return links to the transcript as subtitles and, if there are several languages, a field to choose one.
 *
 * @param {FullItem} item
 * @param {string[]} languages
 * @param {(language: string) => void} onChoose
 */
export function createTranscriptTools(item, languages, onChoose) {
  const links = /** @type {const} */ (["vtt", "srt"]).map((format) => {
    const label = t("view.save_subtitles", { format: format.toUpperCase() });
    return createElement("a", { href: getSubtitlesAddress(item.id, format, languages[0]), download: "" }, label);
  });
  const tools = createElement("p", { className: "tools" }, ...links);
  if (languages.length < 2) return tools;
  const choice = createElement("select", { aria: { label: t("view.language") } });
  for (const language of languages) {
    choice.append(createElement("option", { value: language }, formatLanguage(language) ?? language));
  }
  choice.addEventListener("change", () => {
    links.forEach((link, index) => {
      link.href = getSubtitlesAddress(item.id, index ? "srt" : "vtt", choice.value);
    });
    onChoose(choice.value);
  });
  tools.prepend(choice);
  return tools;
}

/**
 * Return a link that saves a clip: of the moment that was found, or of what is being played.
 *
 * @param {FullItem} item
 * @param {HTMLMediaElement} player
 * @param {Evidence[]} evidence
 */
export function createClipLink(item, player, evidence) {
  const link = createElement("a", { href: "#", className: "clip", download: "" });
  const aim = () => {
    const at = player.currentTime;
    const moment = evidence.filter(isTimed).find(({ start, end }) => at >= start - 1 && at <= (end ?? start) + 1);
    const start = Math.max(0, moment ? moment.start - CLIP_MARGIN_SECONDS : at);
    const end = moment ? (moment.end ?? moment.start) + CLIP_MARGIN_SECONDS : at + CLIP_SECONDS;
    const last = Math.min(Math.max(end, start + 1), item.duration ?? end);
    link.href = getClipAddress(item.id, Number(start.toFixed(2)), Number(last.toFixed(2)));
    link.textContent = t("view.clip_span", { start: formatTime(start), end: formatTime(last) });
  };
  aim();
  for (const event of ["seeked", "timeupdate"]) player.addEventListener(event, aim);
  return link;
}
