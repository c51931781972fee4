/** Suggestions below the text field: recent queries, and what begins with what is typed. */

import { readSuggestions } from "../shared/api.js";
import { getElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { RECENT_KEY } from "../shared/session.js";
import { mayKeepQueries } from "../shared/site.js";
import { Combobox } from "./combobox.js";
import { addFilter } from "./request.js";

/**
 * @import { State, Suggestion } from "../shared/types.js"
 *
 * @typedef {object} SuggestionsOptions
 * @property {HTMLInputElement} field
 * @property {() => State} getState
 * @property {(text: string, changes: Partial<State>) => void} onChoose called with the new text and further changes
 */

const MAX_RECENT = 12;
const MAX_SHOWN_RECENT = 4;

/** @returns {string[]} newest first */
const readRecent = () => JSON.parse(localStorage.getItem(RECENT_KEY) ?? "[]");

/**
 * Add a query to the recent ones.
 *
 * @param {string | undefined} text
 */
export function addRecent(text) {
  if (!text) return;
  const recent = [text, ...readRecent().filter((other) => other !== text)].slice(0, MAX_RECENT);
  localStorage.setItem(RECENT_KEY, JSON.stringify(recent));
}

/**
 * Return the changes that take a suggestion: the text without what was typed, and the filter.
 *
 * @param {string} text
 * @param {Suggestion} suggestion
 * @param {State} state
 * @returns {{ text: string, changes: Partial<State> }}
 */
export function applySuggestion(text, { typed, filter, value }, state) {
  const start = text.slice(0, text.length - typed.length);
  const rest = text.toLowerCase().endsWith(typed.toLowerCase()) ? start.trim() : "";
  const changes = filter ? addFilter(state, filter, String(value)) : null;
  if (changes) return { text: rest, changes };
  const quoted = `${filter ? `${filter}:` : ""}"${String(value).replaceAll('"', " ")}"`;
  return { text: [rest, quoted].filter(Boolean).join(" "), changes: {} };
}

/** @param {SuggestionsOptions} options */
export function bindSuggestions({ field, getState, onChoose }) {
  if (!mayKeepQueries()) localStorage.removeItem(RECENT_KEY);
  return new Combobox(field, getElement("suggestions"), async (text) => {
    const typed = text.trim().toLowerCase();
    const recent = readRecent().filter((query) => query.toLowerCase().startsWith(typed) && query !== text);
    const found = typed ? await readSuggestions(text.trimStart()).catch(() => []) : [];
    const shown = typed ? recent.slice(0, MAX_SHOWN_RECENT) : recent;
    return [
      ...shown.map((query) => ({ label: query, hint: t("suggest.recent"), choose: () => onChoose(query, {}) })),
      ...found.map((suggestion) => ({
        label: suggestion.label,
        hint: t(`suggest.${suggestion.filter ?? "file"}`),
        choose: () => {
          const { text: rest, changes } = applySuggestion(field.value.trim(), suggestion, getState());
          onChoose(rest, changes);
        },
      })),
    ];
  });
}
