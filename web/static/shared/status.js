/** The status line of a page. */

import { getElement } from "./dom.js";
import { getErrorMessage } from "./errors.js";

/**
 * @param {string} text
 * @param {boolean} [isError]
 */
export function showStatus(text, isError = false) {
  const status = getElement("status");
  status.textContent = text;
  status.classList.toggle("wrong", isError);
}

/**
 * Show what an action of a dialog throws in a line of the dialog.
 *
 * @param {HTMLElement} line
 * @param {() => unknown} act
 */
export async function showErrorsIn(line, act) {
  line.classList.remove("wrong");
  try {
    await act();
  } catch (error) {
    line.textContent = getErrorMessage(error);
    line.classList.add("wrong");
  }
}

/**
 * Return a function that shows errors in the status line instead of throwing them.
 *
 * @template {unknown[]} Arguments
 * @param {(...values: Arguments) => unknown} act
 * @returns {(...values: Arguments) => Promise<void>}
 */
export function reportErrors(act) {
  return async (...values) => {
    try {
      await act(...values);
    } catch (error) {
      showStatus(getErrorMessage(error), true);
    }
  };
}
