/** Files and folders that are dropped on a page. */

import { getElement } from "./dom.js";
import { getFileName } from "./format.js";

/** @import { NamedFile } from "./types.js" */

/**
 * Show the drop target while files are dragged over the page.
 *
 * @param {(data: DataTransfer | null) => unknown} onDrop
 */
export function watchDrops(onDrop) {
  const target = getElement("drop");
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    target.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) target.hidden = true;
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    target.hidden = true;
    onDrop(event.dataTransfer);
  });
}

/**
 * @param {FileSystemDirectoryEntry} folder
 * @returns {Promise<FileSystemEntry[]>}
 */
async function readFolder(folder) {
  const reader = folder.createReader();
  const entries = [];
  for (;;) {
    // Browsers return at most 100 entries at a time.
    /** @type {FileSystemEntry[]} */
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) return entries;
    entries.push(...batch);
  }
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<NamedFile[]>}
 */
async function listFiles(entry) {
  if (entry.isFile) {
    const fileEntry = /** @type {FileSystemFileEntry} */ (entry);
    /** @type {File} */
    const file = await new Promise((resolve, reject) => fileEntry.file(resolve, reject));
    return [{ file, name: entry.fullPath.replace(/^\//, "") }];
  }
  const entries = await readFolder(/** @type {FileSystemDirectoryEntry} */ (entry));
  return (await Promise.all(entries.map(listFiles))).flat();
}

/**
 * Return the dropped files, also those in dropped folders, without hidden files.
 *
 * @param {DataTransfer} data
 * @returns {Promise<NamedFile[]>}
 */
export async function listDropped(data) {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry !== null);
  if (!entries.length) return [...data.files].map((file) => ({ file, name: file.name }));
  const files = (await Promise.all(entries.map(listFiles))).flat();
  return files.filter(({ name }) => !getFileName(name).startsWith("."));
}
