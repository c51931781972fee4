/** The choice of the folders that an account or a key may read. */

import { createElement } from "../shared/dom.js";
import { getFileName } from "../shared/format.js";
import { t } from "../shared/i18n.js";

/** @import { Source } from "../shared/library-types.js" */

/**
 * Return the names of folders, in their order in the library.
 *
 * @param {number[] | null} ids null for all
 * @param {Source[]} sources those that the user of the page may read
 */
export function describeSources(ids, sources) {
  if (ids === null) return t("sources.all");
  const names = sources.filter(({ id }) => ids.includes(id)).map(({ path }) => getFileName(path));
  return names.length ? names.join(", ") : t("sources.none");
}

/**
 * @typedef {object} SourcesField
 * @property {HTMLElement} element
 * @property {() => number[] | null} read returns the ids of the folders that are chosen, null for all
 */

/**
 * Return a choice of folders: all of them, or some.
 *
 * @param {Source[]} sources
 * @param {number[] | null} selected
 * @param {string} allLabel what it means to choose all
 * @returns {SourcesField}
 */
export function createSourcesField(sources, selected, allLabel) {
  const all = createElement("input", { type: "checkbox", checked: selected === null });
  const boxes = sources.map(({ id, path }) => {
    const box = createElement("input", { type: "checkbox", value: String(id), checked: !!selected?.includes(id) });
    const name = createElement("span", {}, getFileName(path) || path, createElement("small", {}, path));
    return { box, label: createElement("label", { className: "check" }, box, name) };
  });
  const list = createElement("div", { className: "choices" }, ...boxes.map(({ label }) => label));
  const update = () => {
    list.hidden = all.checked;
  };
  all.addEventListener("change", update);
  update();
  const element = createElement(
    "fieldset",
    {},
    createElement("legend", {}, t("sources.title")),
    createElement("label", { className: "check" }, all, ` ${allLabel}`),
    list,
  );
  const read = () => (all.checked ? null : boxes.filter(({ box }) => box.checked).map(({ box }) => Number(box.value)));
  return { element, read };
}
