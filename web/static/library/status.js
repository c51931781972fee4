/** The status line of the library page. */

import { getElement } from "../shared/dom.js";
import { getErrorMessage } from "../shared/errors.js";

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
