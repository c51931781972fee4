/** The ways to add images to the query: a file dialog, the clipboard, and drag and drop. */

import { getElement } from "../shared/dom.js";
import { watchDrops } from "../shared/drop.js";

/**
 * @param {(files: File[]) => void} onFiles called with the files that are chosen, pasted or dropped
 */
export function bindImageInput(onFiles) {
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
