/** The headings in the grid. */

import { formatDate, getFolder, getLocalTime } from "../shared/format.js";
import { t } from "../shared/i18n.js";

/** @import { Hit } from "../shared/types.js" */

/** @param {string | undefined} group */
const isFolder = (group) => group === "folder" || group === "source";

/**
 * Return results in the order in which they are shown: grouped by folder, those of a folder follow each other, and the
 * folder of the best result is the first.
 *
 * @param {Hit[]} hits
 * @param {string | undefined} group
 */
export function arrange(hits, group) {
  if (!isFolder(group)) return hits;
  /** @type {Map<string | null, Hit[]>} */
  const groups = new Map();
  for (const hit of hits) {
    const folder = hit.tier === "relevant" ? getFolder(hit.item.path) : null;
    groups.set(folder, [...(groups.get(folder) ?? []), hit]);
  }
  return [...groups.values()].flat();
}

/**
 * Return the function that names the group of a result, or null without groups.
 *
 * @param {string | undefined} group `folder` or `day`; addresses of earlier versions have `source` for `folder`
 */
export function createGrouping(group) {
  if (!group || !(isFolder(group) || group === "day")) return null;
  /** @param {Hit} hit */
  return ({ item, tier }) => {
    // Results that are not relevant are in order of relevance, so they cannot be grouped.
    if (tier === "possible" || tier === "closest") return null;
    if (isFolder(group)) return getFolder(item.path);
    const day = getLocalTime(item)?.slice(0, 10);
    return day ? formatDate(`${day}T00:00:00`) : null;
  };
}

/**
 * Return the divider above the results of a tier, or null.
 *
 * @param {Hit} hit
 */
export function getDivider({ tier, follows }) {
  if (tier === "possible") return t("tier.possible");
  return tier === "closest" && follows ? t("tier.closest") : null;
}
