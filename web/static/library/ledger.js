/** The table of all files with their states. */

import { forgetItem, listLedger } from "../shared/api.js";
import { createButton, createElement, getElement } from "../shared/dom.js";
import { getFileName } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { localizeReason } from "../shared/reasons.js";
import { may } from "../shared/session.js";
import { reportErrors } from "../shared/status.js";
import { startJob } from "./jobs.js";
import { showSummary } from "./summary.js";

/** @import { LedgerItem } from "../shared/library-types.js" */

const PAGE_SIZE = 50;
const RETRY_STATES = ["failed", "missing", "pending"];

/** @type {string | null} */
let cursor = null;

/** @param {LedgerItem} item */
function createLedgerRow({ id, path, state, reason, advice, uploaded }) {
  const actions = createElement("td");
  if (RETRY_STATES.includes(state)) {
    const retry = reportErrors(() => startJob({ paths: [path], retry_failed: true }));
    actions.append(createButton(t("lib.retry"), retry));
  }
  const forget = reportErrors(async () => {
    if (!confirm(t(uploaded ? "lib.delete_sure" : "lib.forget_sure", { name: getFileName(path) }))) return;
    await forgetItem(id);
    row.remove();
    await showSummary();
  });
  actions.append(createButton(t(uploaded ? "lib.delete" : "lib.forget"), forget));
  const reasonCell = createElement("td", {}, localizeReason(reason));
  if (advice && state !== "indexed") reasonCell.append(createElement("small", {}, localizeReason(advice)));
  const badge = createElement("span", { className: `state ${state}` }, t(`state.${state}`));
  const pathCell = createElement("td", { className: "path" }, path);
  const cells = [pathCell, createElement("td", {}, badge), reasonCell, ...(may("admin") ? [actions] : [])];
  const row = createElement("tr", {}, ...cells);
  return row;
}

/**
 * Show the files that the form selects.
 *
 * @param {boolean} [isNextPage] append the next page
 */
export async function showLedger(isNextPage = false) {
  const form = new FormData(getElement("ledger-form", HTMLFormElement));
  const fields = new URLSearchParams({ limit: String(PAGE_SIZE) });
  for (const name of ["state", "path"]) {
    const value = form.get(name);
    if (value) fields.set(name, String(value));
  }
  if (isNextPage && cursor) fields.set("cursor", cursor);
  const { items, next } = await listLedger(fields);
  cursor = next;
  const rows = items.map(createLedgerRow);
  const table = getElement("ledger");
  if (isNextPage) table.append(...rows);
  else if (rows.length) table.replaceChildren(...rows);
  else table.replaceChildren(createElement("tr", {}, createElement("td", { colSpan: 4 }, t("lib.none"))));
  getElement("ledger-more").hidden = !next;
}

/**
 * Handle the controls of the table.
 *
 * @param {string | null} state the state of the files to show first
 */
export function bindLedger(state) {
  const form = getElement("ledger-form", HTMLFormElement);
  const select = form.elements.namedItem("state");
  if (state && select instanceof HTMLSelectElement) select.value = state;
  const retryFailed = reportErrors(() => startJob({ retry_failed: true }));
  form.addEventListener(
    "input",
    reportErrors(() => showLedger()),
  );
  form.addEventListener("submit", (event) => event.preventDefault());
  if (may("admin")) getElement("retry-failed").addEventListener("click", retryFailed);
  getElement("ledger-more").addEventListener(
    "click",
    reportErrors(() => showLedger(true)),
  );
}
