/** A histogram of the dates of the items. */

import { createElement, createIconButton } from "../shared/dom.js";
import { t } from "../shared/i18n.js";

/** @import { FacetValue, State } from "../shared/types.js" */

// With more months than this, there is one bar for each year.
const MAX_BARS = 60;
// The width of the panel and its border, and the least width of a bar that can be hit with a finger, in pixels.
const MAX_WIDTH = 960;
const BORDER = 60;
const BAR_WIDTH = 26;

const countBars = () => Math.min(MAX_BARS, Math.floor((Math.min(innerWidth, MAX_WIDTH) - BORDER) / BAR_WIDTH));

/**
 * Return the month or year after another.
 *
 * @param {string} period `YYYY-MM` or `YYYY`
 */
export function getNextPeriod(period) {
  const [year = 0, month] = period.split("-").map(Number);
  if (!month) return String(year + 1);
  return month === 12 ? `${year + 1}-01` : `${year}-${String(month + 1).padStart(2, "0")}`;
}

/**
 * Return the number of items by month, or by year if there are too many months.
 *
 * @param {FacetValue[]} months
 * @param {number} [maxBars]
 * @returns {Map<string, number>}
 */
export function countPeriods(months, maxBars = MAX_BARS) {
  const length = months.length > maxBars ? "YYYY".length : "YYYY-MM".length;
  const counts = new Map();
  for (const { value, count } of months) {
    const period = value.slice(0, length);
    counts.set(period, (counts.get(period) ?? 0) + count);
  }
  return counts;
}

/**
 * Return a histogram whose bars set the date filters.
 *
 * @param {FacetValue[]} months
 * @param {State} state
 * @param {(changes: Partial<State>) => void} onChange
 */
export function createHistogram(months, state, onChange) {
  const counts = countPeriods(months, countBars());
  const max = Math.max(...counts.values(), 1);
  const chart = createElement("div", { className: "histogram", aria: { label: t("filter.histogram") } });
  chart.setAttribute("role", "group");
  for (const [period, count] of counts) {
    const title = `${period}: ${count}`;
    const select = () => onChange({ after: period, before: getNextPeriod(period) });
    const bar = createIconButton("", title, select);
    bar.style.setProperty("--tall", `${Math.max(6, (count / max) * 100)}%`);
    if (state.after === period) bar.classList.add("chosen");
    chart.append(bar);
  }
  const periods = [...counts.keys()];
  const range = t("filter.months", { from: periods[0] ?? "–", to: periods.at(-1) ?? "–" });
  const label = createElement("span", { className: "label" }, `${t("filter.histogram")}: ${range}`);
  return createElement("div", {}, label, chart);
}
