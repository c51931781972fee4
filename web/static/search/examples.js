/** Searches to begin with, on the empty page: made by the server from what is in the library. */

import { readExamples } from "../shared/api.js";
import { createButton, createElement, getElement } from "../shared/dom.js";
import { formatMonth } from "../shared/format.js";
import { t } from "../shared/i18n.js";

/** @import { Example, State } from "../shared/types.js" */

/**
 * Return the text and the changes of the state that search for an example.
 *
 * @param {Example} example
 * @returns {{ text: string, changes: Partial<State> }}
 */
export function readExample({ request }) {
  const { text = "", types = [], tags = [], path = "", camera = "", after = "", before = "" } = request;
  return { text, changes: { type: types, tag: tags, in: path, camera, after, before } };
}

/** @param {Example} example */
function describe({ kind, label }) {
  const shown = kind === "month" ? formatMonth(label) : label;
  return t(`example.${kind}`, { what: shown });
}

/**
 * Show the examples, or hide them.
 *
 * @param {boolean} isShown
 * @param {(text: string, changes: Partial<State>) => void} onChoose
 */
export async function showExamples(isShown, onChoose) {
  const place = getElement("examples");
  place.hidden = !isShown;
  if (!isShown || place.children.length) return;
  const examples = await readExamples().catch(() => []);
  const buttons = examples.map((example) => {
    const { text, changes } = readExample(example);
    return createButton(describe(example), () => onChoose(text, changes), { className: "chip" });
  });
  if (buttons.length) place.replaceChildren(createElement("span", {}, t("example.try")), ...buttons);
}
