/** A histogram of the dates of the items. */

import { createElement, createIconButton } from "../shared/dom.js";
import { formatPeriodName } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { findPeriod, getNextPeriod } from "./dates.js";

/** @import { FacetValue, State } from "../shared/types.js" */

// With more months than this, there is one bar for each year.
const MAX_BARS = 60;
// The width of the panel and its border, and the least width of a bar that can be hit with a finger, in pixels.
const MAX_WIDTH = 960;
const BORDER = 60;
const BAR_WIDTH = 26;

const countBars = () => Math.min(MAX_BARS, Math.floor((Math.min(innerWidth, MAX_WIDTH) - BORDER) / BAR_WIDTH));

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
  const periods = [...counts.keys()];
  const name = t(periods[0]?.length === "YYYY".length ? "filter.histogram_years" : "filter.histogram");
  const chart = createElement("div", { className: "histogram", aria: { label: name } });
  chart.setAttribute("role", "group");
  const chosen = findPeriod(state);
  for (const [period, count] of counts) {
    const select = () => onChange({ after: period, before: getNextPeriod(period) });
    const bar = createIconButton("", `${formatPeriodName(period)}: ${count}`, select);
    bar.style.setProperty("--tall", `${Math.max(6, (count / max) * 100)}%`);
    if (chosen === period) bar.classList.add("chosen");
    chart.append(bar);
  }
  const [from, to] = [periods[0], periods.at(-1)].map((period) => (period ? formatPeriodName(period) : "–"));
  const range = t("filter.months", { from, to });
  const label = createElement("span", { className: "label" }, `${name}: ${range}`);
  return createElement("div", {}, label, chart);
}
