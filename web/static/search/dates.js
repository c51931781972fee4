/**
 * The filter by date: its fields and its chips. `before` in the state is the first day that is left out, as in the query
 * language; the page shows the last day that is not.
 */

import { createElement } from "../shared/dom.js";
import { formatDate, formatPeriodName } from "../shared/format.js";
import { t } from "../shared/i18n.js";

/**
 * @import { State } from "../shared/types.js"
 *
 * @typedef {{ after?: string, before?: string }} Dates
 */

/**
 * Return the first day of a year, a month or a day.
 *
 * @param {string} period `YYYY`, `YYYY-MM` or `YYYY-MM-DD`
 */
const getFirstDay = (period) => `${period}-01-01`.slice(0, 10);

/**
 * Return the day some days after another; an invalid date stays as it is.
 *
 * @param {string} day `YYYY-MM-DD`
 * @param {number} days
 */
function addDays(day, days) {
  const time = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(time.getTime())) return day;
  time.setUTCDate(time.getUTCDate() + days);
  return time.toISOString().slice(0, 10);
}

/**
 * Return the last day before a year, a month or a day.
 *
 * @param {string} before
 */
export const getLastDay = (before) => addDays(getFirstDay(before), -1);

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
 * Return the month or year that two dates span exactly, or null.
 *
 * @param {Dates} dates
 */
export function findPeriod({ after, before }) {
  if (!after || !before) return null;
  const first = getFirstDay(after);
  const periods = [first.slice(0, "YYYY".length), first.slice(0, "YYYY-MM".length)];
  const isSpanned = (/** @type {string} */ period) =>
    getFirstDay(period) === first && getFirstDay(getNextPeriod(period)) === getFirstDay(before);
  return periods.find(isSpanned) ?? null;
}

/**
 * @param {string} label
 * @param {string} value `YYYY-MM-DD` or nothing
 * @param {(value: string) => void} onChange
 */
function createDateField(label, value, onChange) {
  const input = createElement("input", { type: "date", value });
  input.addEventListener("change", () => onChange(input.value));
  return createElement("label", {}, createElement("span", {}, label), input);
}

/**
 * Return the fields for the first and the last day.
 *
 * @param {State} state
 * @param {(changes: Partial<State>) => void} onChange
 */
export function createDateFields({ after, before }, onChange) {
  return [
    createDateField(t("filter.after"), after ? getFirstDay(after) : "", (day) => onChange({ after: day })),
    createDateField(t("filter.before"), before ? getLastDay(before) : "", (day) =>
      onChange({ before: day && addDays(day, 1) }),
    ),
  ];
}

/**
 * Return what the chips of the dates say, and what removes them.
 *
 * @param {Dates} dates
 * @returns {{ text: string, changes: Dates }[]}
 */
export function listDateChips({ after, before }) {
  const period = findPeriod({ after, before });
  if (period) return [{ text: formatPeriodName(period), changes: { after: "", before: "" } }];
  const format = (/** @type {string} */ day) => formatDate(`${day}T00:00:00`);
  const chips = [];
  if (after) chips.push({ text: `${t("filter.after")} ${format(getFirstDay(after))}`, changes: { after: "" } });
  if (before) chips.push({ text: `${t("filter.before")} ${format(getLastDay(before))}`, changes: { before: "" } });
  return chips;
}
