/** The rows of a justified grid: which entries are in which row, and where. */

/** @import { Hit } from "../shared/types.js" */

/** The space between rows and between cards, in pixels. */
export const GAP = 12;
const HEADING_HEIGHT = 44;
const DIVIDER_HEIGHT = 64;

/**
 * @typedef {object} Row
 * @property {number} first index of the first entry
 * @property {number} count number of entries; 0 for a heading
 * @property {number} top in pixels from the top of the grid
 * @property {number} height in pixels
 * @property {number} [face] height of the image area of the cards, in pixels
 * @property {string} [heading]
 * @property {boolean} [isDivider]
 *
 * @typedef {object} LayoutOptions
 * @property {number} width of the grid, in pixels
 * @property {number} maxFace maximum height of the image area of a card, in pixels
 * @property {number} caption height of the text area of a card, in pixels
 * @property {(entry: Hit) => number} getRatio width of the image area of a card divided by its height
 * @property {((entry: Hit) => string | null) | null} [getGroup] the group heading above an entry
 * @property {((entry: Hit) => string | null) | null} [getDivider] the divider above an entry
 *
 * @typedef {{ rows: Row[], height: number }} Layout
 */

/**
 * Distribute entries over rows. Full rows have the width of the grid and cards of the same height. The last row of a
 * group may be shorter.
 *
 * @param {Hit[]} entries
 * @param {LayoutOptions} options
 * @returns {Layout}
 */
export function computeLayout(entries, { width, maxFace, caption, getRatio, getGroup, getDivider }) {
  /** @type {Row[]} */
  const rows = [];
  let top = 0;
  let first = 0;
  let ratios = 0; // the sum over the row that is being filled
  /** @type {string | null} */
  let lastGroup = null;
  /** @type {string | null} */
  let lastDivider = null;

  /** @param {number} end @param {boolean} isLast */
  const closeRow = (end, isLast) => {
    const full = (width - GAP * (end - first - 1)) / ratios;
    const face = isLast ? Math.min(full, maxFace) : full;
    rows.push({ first, count: end - first, top, face, height: face + caption });
    top += face + caption + GAP;
    first = end;
    ratios = 0;
  };

  /** @param {string | null} heading @param {boolean} isDivider */
  const addHeading = (heading, isDivider) => {
    if (heading === null) return;
    const height = isDivider ? DIVIDER_HEIGHT : HEADING_HEIGHT;
    rows.push({ first, count: 0, top, heading, isDivider, height });
    top += height;
  };

  for (const [index, entry] of entries.entries()) {
    const group = getGroup?.(entry) ?? null;
    const divider = getDivider?.(entry) ?? null;
    if (group !== lastGroup || divider !== lastDivider || index === 0) {
      if (index > first) closeRow(index, true);
      const isDivider = divider !== lastDivider;
      addHeading(isDivider ? divider : group, isDivider);
      [lastGroup, lastDivider] = [group, divider];
    }
    ratios += getRatio(entry);
    if ((width - GAP * (index - first)) / ratios <= maxFace) closeRow(index + 1, false);
  }
  if (first < entries.length) closeRow(entries.length, true);
  return { rows, height: top };
}

/**
 * Return the index of the last row that starts at or above a position, or 0.
 *
 * @param {Row[]} rows
 * @param {number} y in pixels from the top of the grid
 */
export function findRowIndex(rows, y) {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const row = rows[middle];
    if (row && row.top <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}
