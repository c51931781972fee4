/** The numbers of files by type and state. */

import { readStatus } from "../shared/api.js";
import { createElement, getElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { may } from "../shared/session.js";

/**
 * Return how many files are indexed, and how many files are not skipped.
 *
 * @param {Record<string, Record<string, number>>} items numbers by type and state
 */
export function countCoverage(items) {
  let indexed = 0;
  let all = 0;
  for (const states of Object.values(items)) {
    for (const [state, count] of Object.entries(states)) {
      if (state === "indexed") indexed += count;
      if (state !== "skipped") all += count;
    }
  }
  return { indexed, all };
}

/** Show the numbers of files. */
export async function showSummary() {
  const { items } = await readStatus();
  const rows = Object.entries(items).map(([type, states]) => {
    const counts = Object.entries(states).map(([state, n]) => `${n} ${t(`state.${state}`)}`);
    const name = createElement("span", { className: "grow" }, t(`type.${type}`));
    return createElement("li", {}, name, counts.join(", "));
  });
  getElement("counts").replaceChildren(...rows);
  const hasFailed = Object.values(items).some((states) => states["failed"]);
  if (may("admin")) getElement("retry-failed", HTMLButtonElement).disabled = !hasFailed;
  getElement("coverage").textContent = t("lib.coverage", countCoverage(items));
}
