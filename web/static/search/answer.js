/** The status line: what an answer contains, or what the library contains. */

import { readStatus } from "../shared/api.js";
import { createButton, createElement } from "../shared/dom.js";
import { formatLanguage } from "../shared/format.js";
import { getLanguage, t } from "../shared/i18n.js";
import { may } from "../shared/session.js";
import { locate } from "../shared/site.js";
import { listWords } from "./recognized.js";
import { hasFilters } from "./state.js";

/**
 * @import { Answer, AnswerQuery, ItemType, State } from "../shared/types.js"
 *
 * @typedef {object} Actions
 * @property {() => void} dropFilters
 * @property {() => void} searchExactly search without correcting typing errors
 * @property {(words: string[]) => void} searchWords search for words that were used as filters
 */

const TYPES = /** @type {ItemType[]} */ (["image", "video", "audio", "document"]);

/** @param {number} total an estimate, of which two digits are meaningful */
const roundTotal = (total) => Number(total.toPrecision(2));

/**
 * @param {AnswerQuery} query
 * @returns {(string | Node)[]}
 */
function describeVoice({ voice_text, voice_language, voice_translation }) {
  if (!voice_text) return [];
  const isForeign = voice_language && voice_language !== getLanguage();
  const language = isForeign ? ` (${formatLanguage(voice_language)})` : "";
  const parts = [`${t("status.recognized")} `, createElement("strong", {}, `“${voice_text}”`), language];
  if (voice_translation) {
    parts.push(` ${t("status.translated")} `, createElement("strong", {}, `“${voice_translation}”`));
  }
  return [...parts, " — "];
}

/**
 * @param {Answer} answer
 * @param {number} shownCount
 * @param {State} state
 * @param {Actions} actions
 * @returns {(string | Node)[]}
 */
function describeTotal(answer, shownCount, state, actions) {
  const isFiltered = hasFilters(state);
  if (answer.nothing_relevant) {
    const words = listWords(answer.query.recognized);
    const named = words.map((one) => t("status.quoted", { text: one })).join(" ");
    const none = words.length ? t("status.none_recognized", { words: named }) : t("status.none");
    const text = shownCount || !(isFiltered || words.length) ? t("status.nothing") : none;
    const parts = [createElement("strong", {}, text), shownCount ? ` ${t("status.closest")}` : ""];
    if (words.length) {
      const search = () => actions.searchWords(words);
      parts.push(" · ", createButton(t("status.as_words", { words: named }), search));
    }
    if (isFiltered) parts.push(" · ", createButton(t("status.unfiltered"), actions.dropFilters));
    return parts;
  }
  const total = answer.total_is_estimate
    ? t("status.about", { total: t("status.hits", { n: roundTotal(answer.total) }) })
    : t("status.hits", { n: answer.total });
  return [createElement("strong", {}, total), ` ${t("status.took", { ms: Math.round(answer.took_ms) })}`];
}

/**
 * Describe what is not indexed yet. Recordings take longest, so they are counted apart.
 *
 * @param {Answer} answer
 * @returns {string[]}
 */
function describePending({ coverage: { pending, pending_by_type = {} } }) {
  const recordings = pending_by_type["audio"] ?? 0;
  const parts = pending > recordings ? [` · ${t("status.pending", { n: pending - recordings })}`] : [];
  return recordings ? [...parts, ` · ${t("status.to_transcribe", { n: recordings })}`] : parts;
}

/**
 * Describe the answer to a query.
 *
 * @param {Answer} answer
 * @param {number} shownCount number of results that are shown, relevant or not
 * @param {State} state
 * @param {Actions} actions
 * @returns {(string | Node)[]}
 */
export function describeAnswer(answer, shownCount, state, actions) {
  const parts = describeVoice(answer.query);
  const { language, only_english, corrected, open_quote } = answer.query;
  if (only_english.length) {
    const name = language ? formatLanguage(language) : language;
    parts.push(`${t("status.only_english", { language: name, models: only_english.join(", ") })} · `);
  }
  if (corrected) {
    const exact = createButton(t("status.exact", { text: state.q }), actions.searchExactly);
    parts.push(`${t("status.corrected")} `, createElement("strong", {}, corrected), ". ", exact, " · ");
  }
  if (open_quote) parts.push(`${t("status.open_quote", { text: open_quote })} · `);
  parts.push(...describeTotal(answer, shownCount, state, actions));
  const { failed, outdated = [] } = answer.coverage;
  for (const space of outdated) parts.push(` · ${t(`status.outdated.${space}`)}`);
  parts.push(...describePending(answer));
  if (failed && may("search")) {
    parts.push(" · ", createElement("a", { href: locate("/library?state=failed") }, t("status.failed", { n: failed })));
  }
  return parts;
}

/**
 * Describe the library, for a page without a query.
 *
 * @param {Answer} answer
 * @param {State} state
 * @param {Actions} actions
 * @returns {Promise<(string | Node)[]>}
 */
export async function describeLibrary(answer, state, actions) {
  // Those who follow a link see an album, not a library.
  if (!may("search")) return [createElement("strong", {}, t("status.items", { n: answer.total }))];
  const { items } = await readStatus();
  const counts = TYPES.flatMap((type) => {
    const n = items[type]?.["indexed"];
    return n ? [t(`count.${type}`, { n })] : [];
  });
  if (!counts.length && !may("edit")) return [t("status.empty_for_you")];
  if (!counts.length) return [createElement("a", { href: locate("/library") }, t("status.empty"))];
  if (!answer.total) return [t("status.none"), " ", createButton(t("status.unfiltered"), actions.dropFilters)];
  if (hasFilters(state)) return [createElement("strong", {}, t("status.items", { n: answer.total }))];
  return [`${t("status.library")} `, createElement("strong", {}, counts.join(", ")), ...describePending(answer)];
}

/**
 * Return the function that shows something in the status line.
 *
 * @param {HTMLElement} line
 */
export function createStatusLine(line) {
  /** @param {(string | Node)[]} parts @param {boolean} [isError] */
  return (parts, isError = false) => {
    line.replaceChildren(...parts);
    line.classList.toggle("wrong", isError);
  };
}
