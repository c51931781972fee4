/** The text of an item. Speech follows the player word by word. */

import { createButton, createElement, highlightWords, startPlaying } from "../shared/dom.js";
import { formatTime, isTimed, namePage } from "../shared/format.js";
import { t } from "../shared/i18n.js";

/**
 * @import { Item, Segment } from "../shared/types.js"
 * @import { Stage } from "./stage.js"
 *
 * @typedef {object} Transcript
 * @property {HTMLElement} element
 * @property {(typed: string) => boolean} filter hides the rows without a text in lowercase; if none has it, shows all
 *   and returns false
 * @property {(segment: number) => void} show scrolls to a segment and marks it
 * @property {((time: number) => void) | null} follow shows what is spoken at a time; null without a player
 */

// The times of segments and words are not exact. In seconds.
const SEGMENT_LEAD = 0.05;
const SEGMENT_TAIL = 0.3;
const WORD_LEAD = 0.02;

/**
 * Return the text of a segment; with a player, each word as an element that can be clicked.
 *
 * @param {Segment} segment
 * @param {string} words the words to highlight
 * @param {HTMLMediaElement | null} player
 * @returns {(string | Node)[]}
 */
function createText(segment, words, player) {
  if (!segment.words?.length || !player) return [highlightWords(segment.text, words)];
  return segment.words.flatMap(([start, end, text]) => {
    const word = createElement("span", { className: "word", data: { start, end } }, highlightWords(text, words));
    return [word, " "];
  });
}

/**
 * @param {HTMLElement} row
 * @param {Segment & { start: number }} segment
 * @param {HTMLMediaElement} player
 */
function playOnClick(row, segment, player) {
  row.dataset["start"] = String(segment.start);
  row.dataset["end"] = String(segment.end ?? segment.start);
  row.addEventListener("click", (event) => {
    // The reader is selecting text.
    if (getSelection()?.toString()) return;
    const word = event.target instanceof Element ? event.target.closest(".word") : null;
    player.currentTime = Number(word instanceof HTMLElement ? word.dataset["start"] : segment.start);
    startPlaying(player);
  });
}

/**
 * @param {Segment} segment
 * @param {Item} item
 * @param {string} words the words to highlight
 * @param {Stage} stage
 */
function createRow(segment, item, words, stage) {
  const row = createElement("div", { className: "moment" });
  const text = createText(segment, words, stage.player);
  const label = isTimed(segment) ? formatTime(segment.start) : segment.page ? namePage(item, segment.page) : "";
  if (isTimed(segment) && stage.player) {
    row.append(createElement("button", { type: "button", className: "seek" }, label), ...text);
    playOnClick(row, segment, stage.player);
  } else if (stage.pager) {
    row.append(
      createButton(label || t("pages.show"), () => stage.show({ ...segment, segment: segment.id }), {
        className: "seek",
      }),
      ...text,
    );
  } else {
    row.append(createElement("small", {}, label), ...text);
  }
  return createElement("li", {}, row);
}

/**
 * Return the last element whose start is not after a time.
 *
 * @param {HTMLElement[]} elements
 * @param {number} time in seconds
 */
const findLastStarted = (elements, time) => elements.findLast((element) => time >= Number(element.dataset["start"]));

/**
 * Scroll the nearest part of the viewer that scrolls, and nothing around it, so that an element is in its middle.
 *
 * @param {HTMLElement} element
 * @param {boolean} isSmooth
 */
function scrollTo(element, isSmooth) {
  const area = element.closest(".paper, .texts.own");
  if (!area) return;
  const [inner, outer] = [element.getBoundingClientRect(), area.getBoundingClientRect()];
  const isCalm = !isSmooth || matchMedia("(prefers-reduced-motion: reduce)").matches;
  const top = inner.top - outer.top - (outer.height - inner.height) / 2;
  area.scrollBy({ top, behavior: isCalm ? "auto" : "smooth" });
}

/**
 * Mark the segment and the word that are being spoken, and scroll to the segment.
 *
 * @param {HTMLElement} list
 * @param {HTMLMediaElement} player
 * @returns {(time: number) => void} shows what is spoken at a time
 */
function followPlayer(list, player) {
  /** @type {HTMLElement[]} */
  const rows = [...list.querySelectorAll(/** @type {"div"} */ ("div.moment[data-start]"))];
  /** @type {HTMLElement | null} */
  let current = null;
  /** @param {number} time @param {boolean} isSmooth */
  const update = (time, isSmooth) => {
    const row = findLastStarted(rows, time + SEGMENT_LEAD);
    const isSpoken = row && time < Number(row.dataset["end"]) + SEGMENT_TAIL;
    if (current !== row || !isSpoken) current?.classList.remove("now");
    if (isSpoken) {
      row.classList.add("now");
      if (current !== row) scrollTo(row, isSmooth);
    }
    current = isSpoken ? row : null;
    for (const word of list.querySelectorAll(".word.now")) word.classList.remove("now");
    const words = [...(current?.querySelectorAll(/** @type {"span"} */ ("span.word")) ?? [])];
    findLastStarted(words, time + WORD_LEAD)?.classList.add("now");
  };
  player.addEventListener("timeupdate", () => update(player.currentTime, !player.paused));
  return (time) => update(time, false);
}

/**
 * Return the text of an item.
 *
 * @param {Segment[]} segments
 * @param {Item} item
 * @param {string} words the words to highlight
 * @param {Stage} stage
 * @param {string} title
 * @returns {Transcript}
 */
export function createTranscript(segments, item, words, stage, title) {
  const rows = segments.map((segment) => createRow(segment, item, words, stage));
  // Next to a film, the text scrolls apart from the rest of the panel.
  const isApart = stage.player !== null && !stage.paper;
  const list = createElement("ul", { className: isApart ? "texts own" : "texts" }, ...rows);
  if (isApart) Object.assign(list, { tabIndex: 0, ariaLabel: title });
  return {
    element: createElement("section", {}, createElement("h3", {}, title), list),
    filter: (typed) => {
      const found = segments.map((segment) => segment.text.toLowerCase().includes(typed));
      const isFound = found.includes(true);
      rows.forEach((row, index) => {
        row.hidden = isFound && !found[index];
      });
      return isFound;
    },
    show: (id) => {
      const index = segments.findIndex((segment) => segment.id === id);
      rows.forEach((row, at) => row.firstElementChild?.classList.toggle("now", at === index));
      const row = rows[index];
      if (row) scrollTo(row, false);
    },
    follow: stage.player ? followPlayer(list, stage.player) : null,
  };
}
