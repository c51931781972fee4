/** The list of API keys, and the form for a new one. */

import { addKey, deleteKey } from "../shared/accounts.js";
import { createButton, createElement, getElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { createLifetimeSelect, createSecretField, describeUse, readLifetime } from "../shared/secret.js";
import { reportErrors } from "../shared/status.js";
import { bindForm } from "./forms.js";
import { createRoleSelect } from "./roles.js";
import { createSourcesField, describeSources } from "./sources-field.js";

/**
 * @import { Account, ApiKey } from "../shared/account-types.js"
 * @import { Source } from "../shared/library-types.js"
 */

const DEFAULT_DAYS = 90;

/**
 * Show a list of keys.
 *
 * @param {ApiKey[]} keys
 * @param {Source[]} sources
 * @param {Map<number, string> | null} owners names of the accounts by id; null if all keys are of one account
 * @param {() => Promise<unknown>} onChange called after a key is deleted
 */
export function showKeys(keys, sources, owners, onChange) {
  const rows = keys.map((key) => {
    const remove = reportErrors(async () => {
      if (!confirm(t("key.delete_sure", { name: key.name }))) return;
      await deleteKey(key.id);
      await onChange();
    });
    const owner = owners?.get(key.account_id);
    const facts = [owner, `${key.prefix}…`, t(`role.${key.role}`), describeSources(key.sources, sources)];
    return createElement(
      "li",
      {},
      createElement(
        "span",
        { className: "grow" },
        createElement("strong", {}, key.name),
        createElement("small", {}, facts.filter(Boolean).join(" · ")),
        createElement("small", {}, describeUse(key).join(" · ")),
      ),
      createButton(t("access.delete"), remove, { aria: { label: `${t("access.delete")}: ${key.name}` } }),
    );
  });
  getElement("keys").replaceChildren(...(rows.length ? rows : [createElement("li", {}, t("key.none"))]));
}

/**
 * Fill the form for a new key.
 *
 * @param {Account} account
 * @param {Source[]} sources
 * @param {() => Promise<unknown>} onChange called after a key is created
 */
export function bindKeyForm(account, sources, onChange) {
  const form = getElement("add-key", HTMLFormElement);
  const name = createElement("input", { name: "name", required: true, maxLength: 100 });
  name.setAttribute("autocomplete", "off");
  const folders = createSourcesField(sources, null, t("sources.as_account"));
  form.replaceChildren(
    createElement("label", {}, t("key.name"), name),
    createRoleSelect("search", account.role),
    folders.element,
    createLifetimeSelect(DEFAULT_DAYS),
    createElement("button", { type: "submit" }, t("key.create")),
  );
  bindForm(form, async (field) => {
    const key = await addKey({
      name: field("name").trim(),
      role: field("role"),
      sources: folders.read(),
      days: readLifetime(field("days")),
    });
    getElement("new-key").replaceChildren(createSecretField(t("key.new", { name: key.name }), key.key, t("key.once")));
    form.reset();
    const details = form.closest("details");
    if (details) details.open = false;
    await onChange();
    getElement("new-key").querySelector("input")?.focus();
  });
}
