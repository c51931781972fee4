/** The models of the library: the current ones, the progress of a change, and other models to choose from. */

import { listModels } from "../shared/api.js";
import { createButton, createElement, getElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { reportErrors } from "../shared/status.js";
import { startJob } from "./jobs.js";

/** @import { Model, Space } from "../shared/library-types.js" */

const ROLE_ORDER = { active: 0, next: 1, previous: 2 };

/**
 * Return a function that starts the change to a model.
 *
 * @param {string} model
 * @param {string} role
 */
const createChange = (model, role) => reportErrors(() => startJob({ model, role }));

/** @param {Space} space */
function createSpaceRow({ retriever, model, dimension, embeddings, total, role }) {
  const facts = { name: t(`retriever.${retriever}`), model, dimension, embeddings, total };
  const key = { active: "lib.space", previous: "lib.previous", next: "lib.filling" }[role];
  const text = createElement("span", { className: "grow" }, t(key, facts));
  if (role === "next") {
    const label = t(key, facts);
    text.append(createElement("progress", { max: Math.max(total, 1), value: embeddings, aria: { label } }));
  }
  const goBack = role === "previous" ? createButton(t("lib.roll_back"), createChange(model, retriever)) : null;
  return createElement("li", {}, text, goBack);
}

/**
 * Return a row in which another model can be chosen.
 *
 * @param {Model[]} models
 * @param {Set<string>} used names of the models that are in use
 */
function createModelChoice(models, used) {
  const choices = models.filter((model) => model.present && !used.has(model.name));
  if (!choices.length) return createElement("li", {}, createElement("small", {}, t("lib.no_models")));
  const options = choices.map(({ name, role }, index) =>
    createElement("option", { value: String(index) }, `${t(`retriever.${role}`)}: ${name}`),
  );
  const select = createElement("select", { aria: { label: t("lib.choose_model") } }, ...options);
  const button = createButton(t("lib.use_model"), () => {
    const model = choices[Number(select.value)];
    if (model && confirm(t("lib.use_sure", { model: model.name }))) createChange(model.name, model.role)();
  });
  return createElement("li", { className: "line" }, select, button);
}

/** Show the models. */
export async function showModels() {
  const { spaces, models, speech } = await listModels();
  const ordered = [...spaces].sort(
    (a, b) => a.retriever.localeCompare(b.retriever) || ROLE_ORDER[a.role] - ROLE_ORDER[b.role],
  );
  const used = new Set([speech, ...spaces.map((space) => space.model)]);
  const list = getElement("models");
  // Do not replace a select that is being used.
  if (document.activeElement?.tagName === "SELECT" && list.contains(document.activeElement)) return;
  list.replaceChildren(
    ...ordered.map(createSpaceRow),
    createElement("li", {}, t("lib.speech", { model: speech })),
    createModelChoice(models, used),
  );
}
