/** The list of sources. */

import { addSource, forgetSource, listSources } from "../shared/api.js";
import { createButton, createElement, getElement, replaceRows } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { localizeReason } from "../shared/reasons.js";
import { may } from "../shared/session.js";
import { reportErrors, showStatus } from "../shared/status.js";
import { showJobs, startJob } from "./jobs.js";
import { createRules, describeRules } from "./rules.js";

/** @import { Source } from "../shared/library-types.js" */

/** @type {() => Promise<unknown>} */
let onChange = () => Promise.resolve();

/** @typedef {{ element: HTMLElement, update: (source: Source) => void }} SourceRow */

/** @type {Map<number, SourceRow>} rows by source */
const rows = new Map();

/** @param {Source} source */
function createWarnings({ unavailable, problem }) {
  const lost = unavailable.map(
    (folder) => `${t("lib.unavailable")}: ${folder.path} (${localizeReason(folder.reason)})`,
  );
  return [...lost, ...(problem ? [localizeReason(problem)] : [])].map((text) => createElement("em", {}, ` ${text}`));
}

/**
 * Return a row for a source. It is updated in place, so that nothing that is being written in it is lost.
 *
 * @param {Source} source
 * @returns {SourceRow}
 */
function createSourceRow(source) {
  const { id, path } = source;
  const watch = createElement("input", { type: "checkbox" });
  const changeWatch = async () => {
    await addSource({ path, watched: watch.checked });
    await showJobs();
  };
  watch.addEventListener("change", reportErrors(changeWatch));
  const remove = async () => {
    if (!confirm(t("lib.remove_sure", { path }))) return;
    await forgetSource(id);
    await onChange();
  };
  const name = createElement("span", { className: "grow path" });
  const rules = createRules(
    source,
    reportErrors(() => onChange()),
  );
  const controls = [
    createElement("label", { className: "check" }, watch, ` ${t("lib.watch")}`),
    createButton(
      t("lib.check"),
      reportErrors(() => startJob({ paths: [path] })),
    ),
    rules.button,
    createButton(t("lib.remove"), reportErrors(remove)),
    rules.form,
  ];
  const element = createElement("li", {}, name, ...(may("admin") ? controls : []));

  /** @param {Source} current */
  const update = (current) => {
    watch.checked = current.watched;
    const note = createElement("small", {}, describeRules(current));
    name.replaceChildren(path, ...createWarnings(current), note);
    rules.update(current);
  };
  update(source);
  return { element, update };
}

/** @param {Source} source */
function getRow(source) {
  let row = rows.get(source.id);
  if (row) {
    row.update(source);
  } else {
    row = createSourceRow(source);
    rows.set(source.id, row);
  }
  return row.element;
}

/** Show the sources. */
export async function showSources() {
  const { sources } = await listSources();
  const elements = sources.map(getRow);
  for (const id of rows.keys()) if (!sources.some((source) => source.id === id)) rows.delete(id);
  if (!elements.length) elements.push(createElement("li", {}, t("lib.no_sources")));
  replaceRows(getElement("sources"), elements);
}

/**
 * Let sources be added and removed.
 *
 * @param {() => Promise<unknown>} callback called after a source is added or removed
 */
export function bindSources(callback) {
  onChange = callback;
  const form = getElement("add", HTMLFormElement);
  const add = reportErrors(async () => {
    const fields = new FormData(form);
    await addSource({ path: String(fields.get("path")).trim(), watched: fields.get("watch") === "on" });
    form.reset();
    showStatus("");
    await onChange();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add();
  });
  getElement("check-all").addEventListener(
    "click",
    reportErrors(() => startJob({})),
  );
}
