// The models of the library: what is used, how far a change is, and what could be used instead.

import { listModels } from "../shared/api.js";
import { find, make, makeButton, t } from "../shared/make.js";

let change = () => {};

// How to ask for another model: given a name and what it is for, gives what a button does.
export function watchModels(act) {
  change = act;
}

function makeRow(space) {
  const facts = { name: t(`retriever.${space.retriever}`), model: space.model, dimension: space.dimension, embeddings: space.embeddings, of: space.of };
  if (space.role === "active") return make("li", {}, make("span", { className: "grow" }, t("lib.space", facts)));
  if (space.role === "previous") {
    return make("li", {}, make("span", { className: "grow" }, t("lib.before", facts)), makeButton(t("lib.go_back"), change(space.model, space.retriever)));
  }
  const bar = make("progress", { max: Math.max(space.of, 1), value: space.embeddings });
  bar.setAttribute("aria-label", t("lib.filling", facts));
  return make("li", {}, make("span", { className: "grow" }, t("lib.filling", facts), bar));
}

function makeChoice(models, used) {
  const free = models.filter((one) => one.is_present && !used.has(one.name));
  if (!free.length) return make("li", {}, make("small", {}, t("lib.no_models")));
  const select = make("select", {}, ...free.map((one, at) => make("option", { value: at }, `${t(`retriever.${one.role}`)}: ${one.name}`)));
  select.setAttribute("aria-label", t("lib.choose_model"));
  const use = makeButton(t("lib.use_model"), (event) => {
    const one = free[select.value];
    if (confirm(t("lib.use_sure", { model: one.name }))) change(one.name, one.role)(event);
  });
  return make("li", { className: "line" }, select, use);
}

export async function showModels() {
  const { spaces, models, speech } = await listModels();
  const order = { active: 0, next: 1, previous: 2 };
  const rows = spaces.sort((a, b) => a.retriever.localeCompare(b.retriever) || order[a.role] - order[b.role]);
  const used = new Set([speech, ...spaces.map((one) => one.model)]);
  const box = find("models");
  // Somebody may be choosing just now.
  if (box.contains(document.activeElement) && document.activeElement.tagName === "SELECT") return;
  box.replaceChildren(...rows.map(makeRow), make("li", {}, t("lib.speech", { model: speech })), makeChoice(models, used));
}
