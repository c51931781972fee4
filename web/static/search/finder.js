/** Search inside one item: its text while typing, and its moments after a pause. */

import { readMoments } from "../shared/api.js";
import { createButton, createElement, highlightWords } from "../shared/dom.js";
import { describeEvidence, isTimed } from "../shared/format.js";
import { t } from "../shared/i18n.js";

/** @import { Evidence, Item } from "../shared/types.js" */

const TYPING_PAUSE_MS = 500;
const MAX_MOMENTS = 30;

/**
 * @param {Evidence} moment
 * @param {string} text
 * @param {((seconds: number) => void) | null} seek
 */
function createMoment(moment, text, seek) {
  const content = [createElement("small", {}, describeEvidence(moment)), highlightWords(moment.snippet ?? "", text)];
  const row =
    isTimed(moment) && seek
      ? createButton(null, () => seek(moment.start), { className: "moment" })
      : createElement("div", { className: "moment" });
  row.append(...content);
  return createElement("li", {}, row);
}

/**
 * Return a search field and the moments that it finds.
 *
 * The field dispatches `typed` events with the text in lowercase as their detail; they bubble.
 *
 * @param {Item} item
 * @param {(moments: Evidence[] | null) => void} onResults called with the moments, or null if the field is empty
 * @param {((seconds: number) => void) | null} seek plays the recording from a position
 */
export function createFinder(item, onResults, seek) {
  const input = createElement("input", { type: "search", placeholder: t("view.find"), className: "find" });
  input.setAttribute("aria-label", t("view.find"));
  const list = createElement("ul", { className: "moments", aria: { live: "polite" } });
  /** @type {number | undefined} */
  let timer;
  let latestRequest = 0;

  /** @param {string} text */
  const search = async (text) => {
    latestRequest += 1;
    const thisRequest = latestRequest;
    const { moments } = text ? await readMoments(item.id, text).catch(() => ({ moments: [] })) : { moments: [] };
    if (thisRequest !== latestRequest) return;
    onResults(text ? moments : null);
    const rows = moments.filter((moment) => moment.kind !== "name").slice(0, MAX_MOMENTS);
    list.replaceChildren(...rows.map((moment) => createMoment(moment, text, seek)));
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    const text = input.value.trim();
    input.dispatchEvent(new CustomEvent("typed", { bubbles: true, detail: text.toLowerCase() }));
    timer = window.setTimeout(() => search(text), text ? TYPING_PAUSE_MS : 0);
  });
  return createElement("section", {}, input, list);
}
