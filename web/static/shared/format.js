/** Values as text. */

import { getLanguage, t } from "./i18n.js";

/** @import { Evidence, Item } from "./types.js" */

/**
 * Return the last part of a path.
 *
 * @param {string} path
 */
export const getFileName = (path) => path.split("/").pop() ?? path;

/**
 * Return the path of the folder that contains a file.
 *
 * @param {string} path
 */
export const getFolder = (path) => path.split("/").slice(0, -1).join("/");

/**
 * Format a number of results; of an estimate, two digits are meaningful.
 *
 * @param {number} count
 * @param {boolean} [isEstimate]
 */
export const formatCount = (count, isEstimate = false) =>
  isEstimate ? `~${Number(count.toPrecision(2)).toLocaleString(getLanguage())}` : count.toLocaleString(getLanguage());

/**
 * Format a month and its year.
 *
 * @param {string} month `YYYY-MM`
 */
export const formatMonth = (month) =>
  new Date(`${month}-01T00:00:00`).toLocaleDateString(getLanguage(), { year: "numeric", month: "long" });

/**
 * Format a month with its year, or a year.
 *
 * @param {string} period `YYYY-MM` or `YYYY`
 */
export const formatPeriodName = (period) => (period.length > "YYYY".length ? formatMonth(period) : period);

/**
 * Format a duration or a position as `m:ss` or `h:mm:ss`.
 *
 * @param {number} seconds
 */
export function formatTime(seconds) {
  const whole = Math.floor(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = String(Math.floor(whole / 60) % 60);
  return `${hours ? `${hours}:${minutes.padStart(2, "0")}` : minutes}:${String(whole % 60).padStart(2, "0")}`;
}

/**
 * Format a date. The time is left out if it is midnight, since such dates come without a time.
 *
 * @param {string | null | undefined} iso
 * @param {string} [language]
 */
export function formatDate(iso, language = getLanguage()) {
  if (!iso) return "";
  const timeStyle = /T00:00:00/.test(iso) ? undefined : "short";
  return new Date(iso).toLocaleString(language, { dateStyle: "medium", timeStyle });
}

/**
 * Return the local time of an item without its offset from UTC: when it was captured, otherwise when its file was
 * modified.
 *
 * @param {Item} item
 */
export const getLocalTime = (item) => toLocalTime(item.captured_at ?? item.modified_at);

/**
 * Return the day, or the month, season or year that begins on it.
 *
 * @param {string} day
 * @param {"month" | "season" | "year" | null} precision
 */
function formatPeriod(day, precision) {
  if (!precision) return formatDate(day);
  const first = new Date(day);
  const language = getLanguage();
  if (precision === "year") return first.toLocaleDateString(language, { year: "numeric" });
  const format = new Intl.DateTimeFormat(language, { year: "numeric", month: "long" });
  if (precision === "month") return format.format(first);
  return format.formatRange(first, new Date(first.getFullYear(), first.getMonth() + 2, 1));
}

/**
 * Return the date of an item; empty if there is none. A guess is marked, with where it is from. A short date has
 * neither that nor the time.
 *
 * @param {Item} item
 * @param {boolean} [isShort]
 */
export function describeDate(item, isShort = false) {
  const time = getLocalTime(item);
  const day = time && `${time.slice(0, 10)}T00:00:00`;
  if (!day || (item.captured_at && !item.is_date_guessed)) return formatDate(isShort ? day : time);
  // The time of a guess would pretend to be exact.
  const date = formatPeriod(day, item.date_precision ?? null);
  const key = isShort ? "about" : item.captured_at ? "from_name" : "from_file";
  return t(`date.${key}`, { date });
}

/**
 * Return the local time of the place where an item was captured, without its offset from UTC. Of a time in UTC (`Z`),
 * the offset of the place is unknown, so it is converted to the time zone of the browser.
 *
 * @param {string | null | undefined} captured
 */
export function toLocalTime(captured) {
  if (!captured?.endsWith("Z")) return captured?.slice(0, 19);
  const time = new Date(captured);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/**
 * Return the name of a language.
 *
 * @param {string} code
 * @param {string} [language] the language of the name
 */
export const formatLanguage = (code, language = getLanguage()) =>
  new Intl.DisplayNames([language], { type: "language" }).of(code);

/**
 * Format a rating as stars.
 *
 * @param {number} stars 1 to 5
 */
export const formatRating = (stars) => "★".repeat(stars);

/**
 * Return whether something has a position in a recording.
 *
 * @template {{ start?: number | null }} T
 * @param {T} value
 * @returns {value is T & { start: number }}
 */
export const isTimed = (value) => value.start !== null && value.start !== undefined;

const SLIDES = /\.(pptx?|pptm|odp|key)$/i;
const SHEETS = /\.(xlsx?|xlsm|ods)$/i;

/**
 * Return what a page of a document is called, with its number.
 *
 * @param {Pick<Item, "path">} item
 * @param {number} number from 1
 */
export const namePage = (item, number) => t(`pages.unit.${getPageUnit(item)}`, { n: number });

/** @param {Pick<Item, "path">} item */
function getPageUnit({ path }) {
  if (SLIDES.test(path)) return "slide";
  if (SHEETS.test(path)) return "sheet";
  return /\.pdf$/i.test(path) ? "page" : "section";
}

/**
 * Return why a result matches, and where.
 *
 * @param {Evidence} evidence
 * @param {Pick<Item, "path">} item
 */
export function describeEvidence(evidence, item) {
  const why = t(`why.${evidence.kind}`);
  if (isTimed(evidence)) return t("why.at", { why, time: formatTime(evidence.start) });
  return evidence.page ? t(`why.on.${getPageUnit(item)}`, { why, n: evidence.page }) : why;
}

/**
 * Split a text at the words of a query.
 *
 * @param {string} text
 * @param {string} query
 * @returns {{ text: string, isMatch: boolean }[]} the whole text in order
 */
export function splitAtMatches(text, query) {
  const words = query.match(/[\p{L}\p{N}]{3,}|\p{Script=Han}+|\p{N}+/gu);
  if (!words) return [{ text, isMatch: false }];
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(${words.join("|")})(?![\\p{L}\\p{N}])`, "giu");
  const pieces = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), isMatch: false });
    pieces.push({ text: match[0], isMatch: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), isMatch: false });
  return pieces;
}

/**
 * Return a text with the times in it, ISO 8601 with an offset from UTC, in the form and the time zone of the reader.
 *
 * @param {string} text
 * @param {string} [language]
 */
export const localizeTimes = (text, language) =>
  text.replace(/\b\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/g, (iso) => formatDate(iso, language));
