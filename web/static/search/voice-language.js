/** The language of spoken queries: chosen next to the microphone, or detected among the likely ones. */

import { readFacets } from "../shared/api.js";
import { createElement, getElement } from "../shared/dom.js";
import { formatLanguage } from "../shared/format.js";
import { getLanguage, t } from "../shared/i18n.js";

/** @import { SearchRequest } from "../shared/types.js" */

const STORED_KEY = "voice-language";
// The choice that detects the language.
const DETECT = "";
// The most languages that the server accepts.
const MAX_LANGUAGES = 20;

/** @type {string[]} ISO 639 codes, the language of the page first */
let likely = [];

/** @param {string} code such as `zh-Hans` */
const shorten = (code) => code.toLowerCase().split("-")[0] ?? "";

/**
 * Return the likely languages, each once: that of the page, those of the browser and those of the library.
 *
 * @param {string} page
 * @param {readonly string[]} browser
 * @param {string[]} library
 */
export const listLikely = (page, browser, library) =>
  [...new Set([page, ...browser, ...library].map(shorten))]
    .filter((code) => /^[a-z]{2,3}$/.test(code))
    .slice(0, MAX_LANGUAGES);

const getSelect = () => getElement("speak-language", HTMLSelectElement);

/**
 * Return a request that also says in which language its recording is, if it has one.
 *
 * @param {SearchRequest} request
 * @param {Blob | null | undefined} voice
 * @returns {SearchRequest}
 */
export function addLanguage(request, voice) {
  if (!voice) return request;
  const language = getSelect().value;
  return language === DETECT ? { ...request, voice_languages: likely } : { ...request, voice_language: language };
}

/** Fill the list of languages, and keep what is chosen in this browser. */
export async function bindVoiceLanguage() {
  const select = getSelect();
  const facets = await readFacets({}, ["languages"]).catch(() => null);
  likely = listLikely(getLanguage(), navigator.languages, facets?.languages.map(({ value }) => value) ?? []);
  const stored = localStorage.getItem(STORED_KEY) ?? likely[0] ?? DETECT;
  const choices = [...likely.map((code) => [code, formatLanguage(code) ?? code]), [DETECT, t("voice.detect")]];
  select.replaceChildren(
    ...choices.map(([value, text]) => createElement("option", { value, selected: value === stored }, text ?? "")),
  );
  showShort(select);
  select.addEventListener("change", () => {
    localStorage.setItem(STORED_KEY, select.value);
    showShort(select);
  });
}

/** @param {HTMLSelectElement} select whose choice is shown as a code where there is no room for the name */
function showShort(select) {
  const frame = select.closest(".voice-language");
  if (frame instanceof HTMLElement) {
    frame.dataset["short"] = select.value.toUpperCase() || t("voice.detect_short");
  }
}
