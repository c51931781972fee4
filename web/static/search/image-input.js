/** The ways to add images to the query: a file dialog, the clipboard, and drag and drop. */

import { getElement } from "../shared/dom.js";
import { watchDrops } from "../shared/drop.js";
import { may } from "../shared/session.js";

/**
 * @param {(files: File[]) => void} onFiles called with the files that are chosen, pasted or dropped
 */
export function bindImageInput(onFiles) {
  // Those who follow a link to an album cannot upload images.
  if (!may("search")) return;
  const field = getElement("file", HTMLInputElement);
  getElement("pick").addEventListener("click", () => field.click());
  field.addEventListener("change", () => {
    onFiles([...(field.files ?? [])]);
    field.value = "";
  });
  addEventListener("paste", (event) => {
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    onFiles([...event.clipboardData.files]);
  });
  watchDrops((data) => {
    if (data?.files.length) onFiles([...data.files]);
  });
}
