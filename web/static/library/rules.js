/** The form that says which files of a source are not indexed. */

import { changeSource } from "../shared/api.js";
import { bindDisclosure, createButton, createElement } from "../shared/dom.js";
import { getErrorMessage } from "../shared/errors.js";
import { t } from "../shared/i18n.js";
import { showStatus } from "../shared/status.js";

/** @import { Source } from "../shared/library-types.js" */

/**
 * Return the patterns of a text with one pattern per line.
 *
 * @param {string} text
 */
export const readPatterns = (text) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

/**
 * Return whether patterns and the switch for hidden files differ from those of a source.
 *
 * @param {Pick<Source, "exclude" | "hidden">} source
 * @param {Pick<Source, "exclude" | "hidden">} change
 */
export const isChanged = (source, { exclude, hidden }) =>
  hidden !== source.hidden || exclude.join("\n") !== source.exclude.join("\n");

/**
 * Return what is left out of a source, in a few words; empty if it has no rules.
 *
 * @param {Source} source
 */
export function describeRules({ exclude, hidden }) {
  const texts = exclude.length ? [t("lib.excluded", { patterns: exclude.join(", ") })] : [];
  return [...texts, ...(hidden ? [t("lib.with_hidden")] : [])].join(" · ");
}

/** The fields of the form. Their texts stay while the form is hidden. */
class RulesForm {
  /** @param {number} id of the source */
  constructor(id) {
    const [hint, reason] = [`rules-hint-${id}`, `rules-reason-${id}`];
    this.patterns = createElement("textarea", {
      rows: 5,
      spellcheck: false,
      aria: { describedby: `${reason} ${hint}` },
    });
    this.hidden = createElement("input", { type: "checkbox" });
    this.reason = createElement("p", { id: reason, className: "wrong", role: "alert" });
    this.save = createElement("button", { type: "submit" }, t("lib.save"));
    this.label = createElement(
      "label",
      {},
      createElement("span", { className: "label" }, t("lib.patterns")),
      this.patterns,
    );
    this.hint = createElement(
      "p",
      { id: hint, className: "hint" },
      t("lib.patterns_hint"),
      createElement("br"),
      t("lib.patterns_effect"),
    );
  }

  /** @returns {Pick<Source, "exclude" | "hidden">} */
  get values() {
    return { exclude: readPatterns(this.patterns.value), hidden: this.hidden.checked };
  }

  /** @param {Pick<Source, "exclude" | "hidden">} values */
  fill({ exclude, hidden }) {
    this.patterns.value = exclude.join("\n");
    this.hidden.checked = hidden;
    this.showReason("");
  }

  /** @param {string} reason why the patterns are not valid; empty if they are */
  showReason(reason) {
    this.reason.textContent = reason;
    this.patterns.setAttribute("aria-invalid", String(Boolean(reason)));
    if (reason) this.patterns.focus();
  }
}

/**
 * Return the button and the form for the rules of a source.
 *
 * @param {Source} firstSource
 * @param {() => Promise<unknown>} onSave called after the rules are changed
 */
export function createRules(firstSource, onSave) {
  let source = firstSource;
  const fields = new RulesForm(source.id);
  fields.fill(source);
  const button = createButton(t("lib.rules"), () => {}, {
    aria: { expanded: false, controls: `rules-${source.id}`, label: `${t("lib.rules")}: ${source.path}` },
  });
  const cancel = createButton(t("lib.cancel"), () => {
    fields.fill(source);
    close();
  });
  const form = createElement(
    "form",
    { id: `rules-${source.id}`, className: "rules", hidden: true },
    fields.label,
    fields.reason,
    fields.hint,
    createElement("label", { className: "check" }, fields.hidden, ` ${t("lib.hidden")}`),
    createElement("div", { className: "line" }, fields.save, cancel),
  );
  bindDisclosure(button, form, () => fields.patterns.focus());

  const close = () => {
    button.click();
    button.focus();
  };
  const save = async () => {
    const { values } = fields;
    if (!isChanged(source, values)) return close();
    fields.save.disabled = true;
    try {
      source = await changeSource(source.id, values);
    } catch (error) {
      fields.showReason(getErrorMessage(error).replace(/^exclude: /, ""));
      return;
    } finally {
      fields.save.disabled = false;
    }
    fields.fill(source);
    close();
    showStatus(t("lib.rules_saved", { path: source.path }));
    await onSave();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });

  /** @param {Source} current */
  const update = (current) => {
    const isEdited = isChanged(source, fields.values);
    source = current;
    if (!isEdited) fields.fill(source);
  };
  return { button, form, update };
}
