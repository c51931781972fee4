/** The words of a query that the server used as filters: a chip for each, which searches for the words instead. */

import { createButton } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { extractWords } from "./request.js";

/**
 * @import { AnswerQuery, Recognized, State } from "../shared/types.js"
 *
 * @typedef {object} OnRemove
 * @property {(words: string[]) => void} searchWords search for recognized words as words
 * @property {(text: string) => void} setText search for another text
 */

/**
 * Return the recognized words that name a date or a kind of item.
 *
 * @param {Recognized[] | undefined} recognized
 */
export const listWords = (recognized = []) =>
  recognized.filter(({ kind }) => kind !== "filter").map(({ text }) => text);

/**
 * Return the words to highlight: those that were searched for.
 *
 * @param {{ q?: string }} state
 * @param {Partial<AnswerQuery>} interpreted how the server read the text of the query
 */
export function listSearchedWords({ q = "" }, { corrected, ignored = [], recognized }) {
  const text = listWords(recognized).reduce((rest, words) => rest.replace(words, " "), corrected ?? q);
  return extractWords({ q: text }, ignored);
}

/**
 * Return the period that a date without its year means now.
 *
 * @param {Recognized} recognized
 */
export function explainDate({ text, filters }) {
  const period = filters["date"];
  return typeof period === "string" && !/(19|20)\d\d/.test(text) ? ` (${period.replace("..", " – ")})` : "";
}

/**
 * Return what a chip says.
 *
 * @param {Recognized} recognized
 */
export const describeRecognized = (recognized) =>
  recognized.kind === "filter"
    ? recognized.text
    : `${t(`recognized.${recognized.kind}`)}: ${recognized.text}${explainDate(recognized)}`;

/**
 * Return a chip for each recognized filter. A click on it searches for the words; that of a typed filter is removed.
 *
 * @param {State} state
 * @param {Partial<AnswerQuery>} interpreted how the server read the text of the query
 * @param {OnRemove} onRemove
 */
export function createRecognizedChips({ q = "" }, { corrected, recognized = [] }, { searchWords, setText }) {
  const text = corrected ?? q;
  return recognized.map((one) => {
    const isTyped = one.kind === "filter";
    const remove = () => (isTyped ? setText(text.replace(one.text, "").trim()) : searchWords([one.text]));
    const label = isTyped ? `${t("part.remove")}: ${one.text}` : t("recognized.remove", { text: one.text });
    return createButton(`${describeRecognized(one)} ×`, remove, {
      className: "chip on",
      title: label,
      aria: { label },
    });
  });
}
