/** The text of an item. Speech follows the player word by word. */

import { createElement, getElement, highlightWords } from "../shared/dom.js";
import { formatTime, isTimed } from "../shared/format.js";

/** @import { Segment } from "../shared/types.js" */

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
 * @param {Segment} segment
 * @param {string} words the words to highlight
 * @param {HTMLMediaElement | null} player
 */
function createRow(segment, words, player) {
  const row = createElement("div", { className: "moment" });
  const text = createText(segment, words, player);
  if (isTimed(segment) && player) {
    row.dataset["start"] = String(segment.start);
    row.dataset["end"] = String(segment.end ?? segment.start);
    row.append(createElement("button", { type: "button", className: "seek" }, formatTime(segment.start)), ...text);
    row.addEventListener("click", (event) => {
      // The reader is selecting text.
      if (getSelection()?.toString()) return;
      const word = event.target instanceof Element ? event.target.closest(".word") : null;
      player.currentTime = Number(word instanceof HTMLElement ? word.dataset["start"] : segment.start);
      player.play();
    });
  } else {
    const label = isTimed(segment) ? formatTime(segment.start) : segment.page ? String(segment.page) : "";
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
 * Mark the segment and the word that are being spoken, and scroll to the segment.
 *
 * @param {HTMLElement} list
 * @param {HTMLMediaElement} player
 */
function followPlayer(list, player) {
  /** @type {HTMLElement[]} */
  const rows = [...list.querySelectorAll(/** @type {"div"} */ ("div.moment[data-start]"))];
  /** @type {HTMLElement | null} */
  let current = null;
  player.addEventListener("timeupdate", () => {
    const time = player.currentTime;
    const row = findLastStarted(rows, time + SEGMENT_LEAD);
    const isSpoken = row && time < Number(row.dataset["end"]) + SEGMENT_TAIL;
    if (current !== row || !isSpoken) current?.classList.remove("now");
    if (isSpoken) {
      row.classList.add("now");
      if (current !== row && !player.paused) row.scrollIntoView({ block: "nearest", behavior: "smooth" });
    }
    current = isSpoken ? row : null;
    for (const word of list.querySelectorAll(".word.now")) word.classList.remove("now");
    const words = [...(current?.querySelectorAll(/** @type {"span"} */ ("span.word")) ?? [])];
    findLastStarted(words, time + WORD_LEAD)?.classList.add("now");
  });
}

/**
 * Return the text of an item.
 *
 * @param {Segment[]} segments
 * @param {string} words the words to highlight
 * @param {HTMLMediaElement | null} player
 * @param {string} title
 */
export function createTranscript(segments, words, player, title) {
  const rows = segments.map((segment) => createRow(segment, words, player));
  const list = createElement("ul", { className: "texts" }, ...rows);
  // The finder dispatches these events. Rows without the typed text are hidden.
  getElement("viewer").addEventListener("typed", (event) => {
    const typed = event instanceof CustomEvent ? String(event.detail) : "";
    rows.forEach((row, index) => {
      row.hidden = Boolean(typed) && !segments[index]?.text.toLowerCase().includes(typed);
    });
  });
  if (player) followPlayer(list, player);
  return createElement("section", {}, createElement("h3", {}, title), list);
}
