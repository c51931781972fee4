/** The card of one result: its face, its name and why it matches. */

import { createElement, createIconButton, highlightWords } from "../shared/dom.js";
import { describeDate, describeEvidence, getFileName } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { createFace } from "./face.js";

/**
 * @import { Hit } from "../shared/types.js"
 *
 * @typedef {object} CardOptions
 * @property {string} words the words to highlight
 * @property {number} width in pixels
 * @property {boolean} isSelected
 * @property {() => void} open
 * @property {(event: MouseEvent | KeyboardEvent) => void} select
 * @property {(weight: number) => void} like search for more like this or, with a weight below 0, less
 */

// On a narrower card, a date with its time would be cut off. In pixels.
const MIN_WIDTH_FOR_TIME = 190;

/**
 * @param {Hit} hit
 * @param {string} words
 * @param {number} width in pixels
 */
function createCaption({ item, evidence, score, date_guessed: isDateGuessed }, words, width) {
  const name = createElement("span", { className: "name", title: item.path }, item.title || getFileName(item.path));
  const caption = createElement("div", { className: "about" }, name);
  if (item.available === false) caption.append(createElement("em", { className: "why" }, t("hit.unavailable")));
  const best = evidence[0];
  const hasDate = isDateGuessed || (!best && item.captured_at);
  const date = hasDate ? describeDate(item, Boolean(best) || width < MIN_WIDTH_FOR_TIME) : "";
  const reason = best ? describeEvidence(best, item) : date ? "" : item.path.split("/").at(-2);
  const note = [date, reason].filter(Boolean).join(" · ");
  const why = createElement("span", { className: "why", title: hasDate ? describeDate(item) : "" }, note);
  if (!best) {
    caption.append(why);
    return caption;
  }
  if (best.snippet && (item.type === "image" || item.type === "video")) {
    why.append(": ", highlightWords(best.snippet, words));
  }
  caption.append(why, createElement("meter", { value: score, aria: { label: t("hit.relevance") } }));
  return caption;
}

/**
 * @param {Hit} hit
 * @param {CardOptions} options
 */
function createOpenButton(hit, { words, width, open, select, like }) {
  const content = [createFace(hit, words, width), createCaption(hit, words, width)];
  const button = createElement("button", { type: "button", className: "open", title: t("hit.keys") }, ...content);
  button.setAttribute("aria-keyshortcuts", "X + -");
  button.addEventListener("click", (event) => {
    if (event.shiftKey || event.ctrlKey || event.metaKey) select(event);
    else open();
  });
  button.addEventListener("keydown", (event) => {
    /** @type {Record<string, () => void>} */
    const shortcuts = { x: () => select(event), "+": () => like(1), "-": () => like(-1) };
    const act = shortcuts[event.key.toLowerCase()];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  return button;
}

/**
 * Return the card of a result.
 *
 * @param {Hit} hit
 * @param {CardOptions} options
 */
export function createCard(hit, options) {
  const { isSelected, select, like } = options;
  const card = createElement("div", { className: `hit${isSelected ? " selected" : ""}` });
  card.setAttribute("role", "listitem");
  // The buttons are not in the tab order, so that a card is one tab stop. They have keyboard shortcuts instead.
  const selectButton = createIconButton("✓", `${t("hit.select")}: ${getFileName(hit.item.path)}`, select, {
    className: "select",
    tabIndex: -1,
    aria: { pressed: isSelected },
  });
  const likeButtons = createElement(
    "div",
    { className: "acts" },
    createIconButton("+", t("part.like"), () => like(1), { tabIndex: -1 }),
    createIconButton("−", t("part.unlike"), () => like(-1), { tabIndex: -1 }),
  );
  card.append(createOpenButton(hit, options), selectButton, likeButtons);
  return card;
}

/**
 * Show whether a result is selected.
 *
 * @param {HTMLElement} card
 * @param {boolean} isSelected
 */
export function markSelected(card, isSelected) {
  card.classList.toggle("selected", isSelected);
  card.querySelector(".select")?.setAttribute("aria-pressed", String(isSelected));
}
