/** The list of sources. */

import { addSource, forgetSource, listSources } from "../shared/api.js";
import { createButton, createElement, getElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { showJobs, startJob } from "./jobs.js";
import { reportErrors, showStatus } from "./status.js";

/** @import { Source } from "../shared/types.js" */

/** @type {() => Promise<unknown>} */
let onChange = () => Promise.resolve();

/** @param {Source} source */
function createSourceRow({ id, path, watched, unavailable, problem }) {
  const watch = createElement("input", { type: "checkbox", checked: watched });
  const changeWatch = async () => {
    await addSource({ path, watch: watch.checked });
    await showJobs();
  };
  watch.addEventListener("change", reportErrors(changeWatch));
  const remove = async () => {
    if (!confirm(t("lib.remove_sure", { path }))) return;
    await forgetSource(id);
    await onChange();
  };
  const lost = unavailable.map((folder) => `${t("lib.unavailable")}: ${folder.path} (${folder.reason})`);
  const warnings = [...lost, ...(problem ? [problem] : [])].map((text) => createElement("em", {}, ` ${text}`));
  return createElement(
    "li",
    {},
    createElement("span", { className: "grow path" }, path, ...warnings),
    createElement("label", { className: "check" }, watch, ` ${t("lib.watch")}`),
    createButton(
      t("lib.check"),
      reportErrors(() => startJob({ paths: [path] })),
    ),
    createButton(t("lib.remove"), reportErrors(remove)),
  );
}

/** Show the sources. */
export async function showSources() {
  const { sources } = await listSources();
  const rows = sources.length ? sources.map(createSourceRow) : [createElement("li", {}, t("lib.no_sources"))];
  getElement("sources").replaceChildren(...rows);
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
    await addSource({ path: String(fields.get("path")).trim(), watch: fields.get("watch") === "on" });
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
