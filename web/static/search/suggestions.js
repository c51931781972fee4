/** Suggestions below the text field: recent queries, and the tags of the library. */

import { readFacets } from "../shared/api.js";
import { createElement, getElement } from "../shared/dom.js";
import { RECENT_KEY } from "../shared/session.js";
import { mayKeepQueries } from "../shared/site.js";

const MAX_RECENT = 12;

/** @type {string[]} */
let tagFilters = [];

/** @returns {string[]} newest first */
const readRecent = () => JSON.parse(localStorage.getItem(RECENT_KEY) ?? "[]");

function showSuggestions() {
  const options = [...readRecent(), ...tagFilters].map((value) => createElement("option", { value }));
  getElement("recent").replaceChildren(...options);
}

/**
 * Add a query to the recent ones.
 *
 * @param {string | undefined} text
 */
export function addRecent(text) {
  if (text) {
    const recent = [text, ...readRecent().filter((other) => other !== text)].slice(0, MAX_RECENT);
    localStorage.setItem(RECENT_KEY, JSON.stringify(recent));
  }
  showSuggestions();
}

/** Load the tags of the library and show all suggestions. */
export async function loadSuggestions() {
  if (!mayKeepQueries()) localStorage.removeItem(RECENT_KEY);
  const facets = await readFacets("").catch(() => null);
  tagFilters = facets?.tags.map(({ value }) => (/\s/.test(value) ? `tag:"${value}"` : `tag:${value}`)) ?? [];
  showSuggestions();
}
