/** A list of chips, of which the first are shown until the user asks for the others. */

import { createButton, createElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";

const MAX_SHOWN = 20;

/** @type {Set<string>} the titles of the lists that show everything; they still do when they are created again */
const complete = new Set();

/**
 * Return a list of chips with a title. A pressed chip is always shown.
 *
 * @param {string} title
 * @param {HTMLButtonElement[]} chips the most important first
 * @param {string} [hint] a tooltip of the title
 */
export function createChipList(title, chips, hint = "") {
  const label = createElement("span", { className: "label", title: hint }, title);
  const list = createElement("div", { className: "tags" }, ...chips);
  const others = chips.slice(MAX_SHOWN).filter((chip) => chip.ariaPressed !== "true");
  if (others.length && !complete.has(title)) {
    for (const chip of others) chip.hidden = true;
    const more = createButton(t("lib.more"), showAll, { className: "chip more" });
    list.append(more);
    function showAll() {
      complete.add(title);
      for (const chip of others) chip.hidden = false;
      more.remove();
      others[0]?.focus();
    }
  }
  return createElement("div", {}, label, list);
}
