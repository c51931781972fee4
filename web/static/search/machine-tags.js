/** The tags that the machine gave: their names in the language of the page, the filter, and the short description. */

import { listMachineTags } from "../shared/api.js";
import { createButton, createElement } from "../shared/dom.js";
import { getLanguage, t } from "../shared/i18n.js";
import { locate } from "../shared/site.js";
import { createChipList } from "./chip-list.js";

/** @import { Facets, Item, State } from "../shared/types.js" */

/** @type {Map<string, string>} names in the language of the page by English name */
const labels = new Map();

/** Load the names of the tags, unless the page is in English, which they are stored in. */
export async function loadTagNames() {
  const language = getLanguage().split("-")[0] ?? "en";
  if (language === "en") return;
  const { tags } = await listMachineTags().catch(() => ({ tags: [] }));
  for (const { name, names } of tags) labels.set(name, names[language] ?? name);
}

/** @param {string} name */
export const getTagName = (name) => labels.get(name) ?? name;

/**
 * Return a short description of an item, marked as a guess; empty if the machine recognized nothing.
 *
 * @param {Item} item
 */
export function describeItem(item) {
  const names = (item.machine_tags ?? []).filter((tag) => tag.described).map((tag) => getTagName(tag.name));
  return names.length ? t("machine.description", { what: names.join(t("machine.separator")) }) : "";
}

/**
 * Return the filter by tags of the machine.
 *
 * @param {Facets} facets
 * @param {State} state
 * @param {(changes: Partial<State>) => void} onChange
 */
export function createMachineTags(facets, state, onChange) {
  const chips = facets.machine_tags.map(({ value, count }) => {
    const isSet = state.shows.includes(value);
    const others = state.shows.filter((tag) => tag !== value);
    const toggle = () => onChange({ shows: isSet ? others : [...others, value] });
    return createButton(`${getTagName(value)} ${count}`, toggle, {
      className: "chip machine",
      aria: { pressed: isSet },
    });
  });
  return createChipList(t("machine.tags"), chips, t("machine.hint"));
}

/**
 * Return links to search for the tags of an item, the most probable first.
 *
 * @param {Item} item
 */
export const createTagLinks = (item) =>
  (item.machine_tags ?? []).map(({ name, score }) =>
    createElement(
      "a",
      {
        href: locate(`/?shows=${encodeURIComponent(name)}`),
        className: "chip machine",
        title: `${Math.round(score * 100)} %`,
      },
      getTagName(name),
    ),
  );
