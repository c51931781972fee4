// Dropping on a page, and what was dropped: files with the names, folders included, that they should have.

import { find } from "./make.js";

// Shows that the page takes what is dragged over it, and hands over what is dropped.
export function watchDrops(take) {
  addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) { event.preventDefault(); find("drop").hidden = false; }
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) find("drop").hidden = true; });
  addEventListener("drop", (event) => {
    event.preventDefault();
    find("drop").hidden = true;
    take(event.dataTransfer);
  });
}

const readAll = async (folder) => {
  const reader = folder.createReader();
  const entries = [];
  for (;;) {
    // A browser gives at most a hundred at a time.
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!some.length) return entries;
    entries.push(...some);
  }
};

async function walk(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
    return [{ file, name: entry.fullPath.replace(/^\//, "") }];
  }
  const inside = await Promise.all((await readAll(entry)).map(walk));
  return inside.flat();
}

export async function listDropped(data) {
  const entries = [...data.items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...data.files].map((file) => ({ file, name: file.name }));
  return (await Promise.all(entries.map(walk))).flat().filter(({ name }) => !name.split("/").pop().startsWith("."));
}
