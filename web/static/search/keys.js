/** Keyboard shortcuts of the search page. */

import { getElement } from "../shared/dom.js";

/**
 * @import { Grid } from "./grid.js"
 * @import { Selection } from "./selection.js"
 */

/**
 * Move the focus from one result to another.
 *
 * @param {Grid} grid
 * @param {string} key the name of an arrow key
 * @returns {boolean} whether a result had the focus
 */
function moveFocus(grid, key) {
  const card = document.activeElement?.closest(".hit");
  if (!card) return false;
  const index = Number(card.getAttribute("aria-posinset")) - 1;
  const rowLength = grid.getRowLength(index);
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -rowLength, ArrowDown: rowLength }[key] ?? 0;
  grid.focus(Math.min(Math.max(index + step, 0), grid.entries.length - 1));
  return true;
}

/**
 * Handle the keyboard shortcuts of the page.
 *
 * @param {object} page
 * @param {Grid} page.grid
 * @param {Selection} page.selection
 * @param {HTMLInputElement} page.textField
 */
export function bindKeys({ grid, selection, textField }) {
  const viewer = getElement("viewer", HTMLDialogElement);
  getElement("skip").addEventListener("click", (event) => {
    event.preventDefault();
    grid.focus(0);
  });
  addEventListener("keydown", (event) => {
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
    if (isTyping || viewer.open) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "a") {
      event.preventDefault();
      selection.selectAll();
    } else if (event.key === "Escape" && selection.size) {
      selection.clear();
    } else if (event.key.startsWith("Arrow")) {
      if (moveFocus(grid, event.key)) event.preventDefault();
    } else if (event.key === "/") {
      event.preventDefault();
      textField.focus();
      textField.select();
    }
  });
}
