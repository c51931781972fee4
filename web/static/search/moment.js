/** A place in an item that was found: why, its words, and a picture of it if the item is a film. */

import { getThumbnailAddress } from "../shared/api.js";
import { createButton, createElement, highlightWords } from "../shared/dom.js";
import { describeEvidence, isTimed } from "../shared/format.js";

/**
 * @import { Evidence, Item } from "../shared/types.js"
 * @import { Stage } from "./stage.js"
 */

// Speech may begin just before a cut: its picture is from its middle, but not long after its start. In seconds.
const MAX_OFFSET = 2;

/**
 * Return the time of the picture of a moment.
 *
 * @param {Pick<Evidence, "kind" | "start" | "end">} moment
 * @returns {number | null} null if the moment has no position
 */
export function getPictureTime({ kind, start, end }) {
  if (!isTimed({ start })) return null;
  const first = start ?? 0;
  if (kind === "frame" || !end) return first;
  return Math.round((first + Math.min((end - first) / 2, MAX_OFFSET)) * 100) / 100;
}

/**
 * Return a row that shows its place when it is chosen.
 *
 * @param {Evidence} moment
 * @param {Item} item
 * @param {string} words the words to highlight
 * @param {Stage} stage
 */
export function createMoment(moment, item, words, stage) {
  const time = item.type === "video" ? getPictureTime(moment) : null;
  const row = stage.canShow(moment)
    ? createButton(null, () => stage.show(moment), { className: "moment" })
    : createElement("div", { className: "moment" });
  if (time !== null) {
    row.classList.add("pictured");
    row.append(createElement("img", { src: getThumbnailAddress(item, time), alt: "", loading: "lazy" }));
  }
  row.append(createElement("small", {}, describeEvidence(moment, item)), highlightWords(moment.snippet ?? "", words));
  return createElement("li", {}, row);
}
