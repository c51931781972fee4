/** Hiding items for good, with undo. The cards of hidden items stay where they are, dimmed, until the next search. */

import { hideItems, unhideItems } from "../shared/api.js";
import { createButton, createElement, createIconButton, getElement } from "../shared/dom.js";
import { getErrorMessage } from "../shared/errors.js";
import { t } from "../shared/i18n.js";

/** @type {Set<number>} ids of the items that were hidden since the page was opened */
const hidden = new Set();
/** @type {() => void} */
let showChange = () => {};

/**
 * Call a function whenever items were hidden or shown again.
 *
 * @param {() => void} act
 */
export function onHiddenChange(act) {
  showChange = act;
}

/**
 * Show whether the item of a card is hidden.
 *
 * @param {HTMLElement} card
 * @param {number} id
 */
export function markHidden(card, id) {
  card.classList.toggle("gone", hidden.has(id));
  return card;
}

/** @param {number[]} ids */
async function hide(ids) {
  const { items } = await hideItems(ids);
  for (const id of [...ids, ...items]) hidden.add(id);
  showChange();
  return items.length;
}

/** @param {number[]} ids */
async function unhide(ids) {
  const { items } = await unhideItems(ids);
  for (const id of [...ids, ...items]) hidden.delete(id);
  showChange();
}

/**
 * Hide items, and offer at the bottom of the page to undo it.
 *
 * @param {number[]} ids
 */
export async function hideWithUndo(ids) {
  document.querySelector(".toast")?.remove();
  const text = createElement("span");
  text.setAttribute("role", "status");
  const close = () => {
    toast.remove();
    // Otherwise keyboard users would start again at the top of the page.
    getElement("status").focus({ preventScroll: true });
  };
  const undo = createButton(t("hide.undo"), async () => {
    try {
      await unhide(ids);
      close();
    } catch (error) {
      text.textContent = getErrorMessage(error);
    }
  });
  const closeButton = createIconButton("×", t("view.close"), close);
  const toast = createElement("div", { className: "selection toast" }, text, undo, closeButton);
  toast.addEventListener("keydown", (event) => event.key === "Escape" && close());
  document.body.append(toast);
  try {
    text.textContent = t("hide.done", { n: await hide(ids) });
    undo.focus();
  } catch (error) {
    text.textContent = getErrorMessage(error);
    undo.remove();
  }
}

/**
 * Return a button that hides one item, and then shows it again.
 *
 * @param {number} id
 * @param {HTMLElement} status says what happened
 */
export function createHideButton(id, status) {
  const label = () => t(hidden.has(id) ? "hide.undo" : "hide.hide");
  const button = createButton(label(), async () => {
    try {
      const wasHidden = hidden.has(id);
      const count = await (wasHidden ? unhide([id]) : hide([id]));
      status.textContent = wasHidden ? t("hide.shown") : t("hide.done", { n: Number(count) });
    } catch (error) {
      status.textContent = getErrorMessage(error);
    }
    button.textContent = label();
  });
  button.title = t("hide.hint");
  return button;
}
