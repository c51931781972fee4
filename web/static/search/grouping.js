/** The headings in the grid. */

import { formatDate, getFolder, getLocalTime } from "../shared/format.js";
import { t } from "../shared/i18n.js";

/** @import { Hit } from "../shared/types.js" */

/**
 * Return the function that names the group of a result, or null without groups.
 *
 * @param {string | undefined} group `source` or `day`
 */
export function createGrouping(group) {
  if (group !== "source" && group !== "day") return null;
  /** @param {Hit} hit */
  return ({ item, tier }) => {
    // Results that are not relevant are in order of relevance, so they cannot be grouped.
    if (tier === "possible" || tier === "closest") return null;
    if (group === "source") return getFolder(item.path);
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
