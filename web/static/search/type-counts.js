/** The number of results of each type, next to the name of the type. */

import { createElement } from "../shared/dom.js";
import { formatCount } from "../shared/format.js";

/** @import { Facets } from "../shared/types.js" */

/**
 * Show the numbers; none if they are not known.
 *
 * @param {Iterable<HTMLInputElement>} boxes
 * @param {Facets | null} facets
 */
export function showTypeCounts(boxes, facets) {
  const counts = new Map(facets?.types?.map(({ value, count }) => [value, count]));
  for (const box of boxes) {
    const label = box.nextElementSibling;
    label?.querySelector(".count")?.remove();
    const count = counts.get(box.value) ?? 0;
    if (!facets || !label) continue;
    label.append(createElement("small", { className: "count" }, ` ${formatCount(count, facets.is_estimate)}`));
  }
}
