/** Forms with names and passwords. */

import { getErrorMessage } from "../shared/errors.js";
import { showStatus } from "../shared/status.js";

/** @param {HTMLFormElement} form */
const listButtons = (form) => [...form.querySelectorAll(/** @type {"button"} */ ("button[type=submit]"))];

/**
 * Call a function when a form is sent, show its errors in the status line, and refuse to send it twice at once.
 *
 * @param {HTMLFormElement} form
 * @param {(fields: (name: string) => string) => Promise<unknown>} act called with a function that returns a field
 */
export function bindForm(form, act) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const buttons = listButtons(form);
    for (const button of buttons) button.disabled = true;
    showStatus("");
    try {
      await act((name) => String(data.get(name) ?? ""));
    } catch (error) {
      showStatus(getErrorMessage(error), true);
      document.getElementById("status")?.scrollIntoView({ block: "nearest" });
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  });
}

/** Let the boxes with `data-shows` show the passwords that they name. */
export function bindPasswordBoxes() {
  for (const box of document.querySelectorAll("[data-shows]")) {
    if (!(box instanceof HTMLInputElement)) continue;
    box.addEventListener("change", () => {
      for (const name of (box.dataset["shows"] ?? "").split(" ")) {
        const field = box.form?.elements.namedItem(name);
        if (field instanceof HTMLInputElement) field.type = box.checked ? "text" : "password";
      }
    });
  }
}
