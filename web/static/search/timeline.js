/** The timeline of a recording, with the moments that match. A click plays from that position. */

import { createElement, startPlaying } from "../shared/dom.js";
import { formatTime, isTimed } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { drawWaveform } from "./waveform.js";

/** @import { Evidence, Item, TimedEvidence } from "../shared/types.js" */

// A mark that is nearer to a better one than this is no button, since it could not be hit. In pixels.
const MARK_SIZE = 24;

/**
 * Keep one of several moments with the same start, since several retrievers may find a moment.
 *
 * @param {TimedEvidence[]} moments
 */
const removeDuplicates = (moments) => [...new Map(moments.map((moment) => [moment.start, moment])).values()];

/**
 * Return the timeline of a recording.
 *
 * @param {Item} item
 * @param {HTMLMediaElement} player
 * @param {TimedEvidence[]} moments
 * @returns {{ bar: HTMLElement, show: (moments: Evidence[] | null | undefined) => void }} `show` marks other moments,
 *   or again the first ones if there are none
 */
export function createTimeline(item, player, moments) {
  const duration = item.duration ?? 0;
  const canvas = createElement("canvas", { className: "wave", width: 960, height: 64, data: { points: 320 } });
  const playhead = createElement("div", { className: "hand" });
  const marks = createElement("div", { className: "marks" });
  const bar = createElement("div", { className: "timeline", title: t("view.timeline") }, canvas, marks, playhead);

  /** @param {TimedEvidence} moment */
  const createMark = ({ start }) => {
    const time = formatTime(start);
    const mark = createElement("button", { type: "button", className: "mark", title: time, aria: { label: time } });
    mark.addEventListener("click", (event) => {
      event.stopPropagation();
      player.currentTime = start;
      startPlaying(player);
    });
    return mark;
  };
  /** @type {Evidence[]} */
  let shown = moments;
  const showMarks = () => {
    /** @type {number[]} */
    const taken = [];
    const elements = removeDuplicates(shown.filter(isTimed)).map((moment) => {
      const left = (moment.start / duration) * bar.clientWidth;
      const isNear = taken.some((other) => Math.abs(other - left) < MARK_SIZE);
      if (!isNear) taken.push(left);
      const mark = isNear ? createElement("span", { className: "mark" }) : createMark(moment);
      mark.style.left = `${(moment.start / duration) * 100}%`;
      return mark;
    });
    marks.replaceChildren(...elements);
  };

  // The width is known when the bar is in the document.
  new ResizeObserver(showMarks).observe(bar);
  drawWaveform(canvas, item, moments);
  bar.addEventListener("click", (event) => {
    const bounds = bar.getBoundingClientRect();
    player.currentTime = ((event.clientX - bounds.left) / bounds.width) * duration;
  });
  player.addEventListener("timeupdate", () => {
    playhead.style.left = `${(player.currentTime / duration) * 100}%`;
  });
  const show = (/** @type {Evidence[] | null | undefined} */ others) => {
    shown = others ?? moments;
    showMarks();
  };
  return { bar, show };
}
