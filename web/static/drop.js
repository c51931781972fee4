// What was dropped, folders with all that is in them: files with the names, folders included, that they should have.

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
