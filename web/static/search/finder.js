/** Search inside one item: its text while typing, and its moments after a pause. */

import { readMoments } from "../shared/api.js";
import { createElement } from "../shared/dom.js";
import { getErrorMessage } from "../shared/errors.js";
import { t } from "../shared/i18n.js";
import { createMoment } from "./moment.js";

/**
 * @import { Evidence, Item } from "../shared/types.js"
 * @import { Stage } from "./stage.js"
 *
 * @typedef {object} FinderOptions
 * @property {Stage} stage
 * @property {(typed: string) => boolean} filter called with the text in lowercase; returns whether the text has it
 * @property {(moments: Evidence[] | null) => void} onResults called with the moments, or null if the field is empty
 */

const TYPING_PAUSE_MS = 500;
const MAX_MOMENTS = 30;

/**
 * Return a search field and the moments that it finds.
 *
 * @param {Item} item
 * @param {FinderOptions} options
 */
export function createFinder(item, { stage, filter, onResults }) {
  const input = createElement("input", { type: "search", placeholder: t("view.find"), className: "find" });
  input.setAttribute("aria-label", t("view.find"));
  const status = createElement("p", { className: "hint found" });
  status.setAttribute("role", "status");
  const list = createElement("ul", { className: "moments" });
  /** @type {number | undefined} */
  let timer;
  let latestRequest = 0;

  /** @param {string} text @param {boolean} isInText */
  const search = async (text, isInText) => {
    const thisRequest = latestRequest;
    let problem = "";
    const { moments } = await readMoments(item.id, text).catch((error) => {
      problem = getErrorMessage(error);
      return { moments: [] };
    });
    if (thisRequest !== latestRequest) return;
    onResults(moments);
    const found = moments.filter((moment) => moment.kind !== "name").slice(0, MAX_MOMENTS);
    list.replaceChildren(...found.map((moment) => createMoment(moment, item, text, stage)));
    status.textContent = problem || (found.length || isInText ? "" : t("view.not_found", { text }));
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    latestRequest += 1;
    const text = input.value.trim();
    const isInText = filter(text.toLowerCase());
    status.textContent = "";
    if (text) {
      timer = window.setTimeout(() => search(text, isInText), TYPING_PAUSE_MS);
      return;
    }
    list.replaceChildren();
    onResults(null);
  });
  return createElement("section", {}, input, status, list);
}
