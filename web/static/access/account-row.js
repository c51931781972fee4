/** One account in the list for admins. */

import { changeAccount, deleteAccount } from "../shared/accounts.js";
import { createButton, createElement } from "../shared/dom.js";
import { formatDate } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { getAccountId } from "../shared/session.js";
import { reportErrors, showStatus } from "../shared/status.js";
import { bindForm } from "./forms.js";
import { createRoleSelect } from "./roles.js";
import { createSourcesField, describeSources } from "./sources-field.js";

/**
 * @import { Account } from "../shared/account-types.js"
 * @import { Source } from "../shared/library-types.js"
 * @import { SourcesField } from "./sources-field.js"
 */

/**
 * Hide the choice of folders for admins, who may read all.
 *
 * @param {HTMLElement} roleField
 * @param {SourcesField} folders
 */
export function bindRole(roleField, folders) {
  const select = roleField.querySelector("select");
  const update = () => {
    folders.element.hidden = select?.value === "admin";
  };
  select?.addEventListener("change", update);
  update();
}

/**
 * Return a field for the password of somebody else.
 *
 * @param {boolean} [isOptional] whether they may also sign in without one, through an identity provider
 */
export function createPasswordField(isOptional = false) {
  // Shown as it is typed, since the admin passes it on. Password managers must not offer the password of the admin.
  const field = createElement("input", { name: "password", required: !isOptional, minLength: 10, maxLength: 1000 });
  field.setAttribute("autocomplete", "off");
  field.setAttribute("spellcheck", "false");
  const rule = createElement("small", {}, t("password.rule"));
  const invitation = isOptional ? createElement("small", {}, t("people.invite")) : null;
  return createElement("label", {}, t("people.new_password"), field, rule, invitation);
}

/**
 * Return what an account may do and when it was used, in words.
 *
 * @param {Account} account
 * @param {Source[]} sources
 */
export function describeAccount(account, sources) {
  const folders = account.role === "admin" ? "" : describeSources(account.sources, sources);
  const rights = [t(`role.${account.role}`), folders].filter(Boolean).join(" · ");
  const used = account.signed_in_at
    ? t("people.signed_in", { time: formatDate(account.signed_in_at) })
    : t("people.never_signed_in");
  return { rights, used, warning: account.disabled ? t("people.disabled") : "" };
}

/**
 * @param {Account} account
 * @param {Source[]} sources
 * @param {() => Promise<unknown>} onChange
 */
function createRightsForm(account, sources, onChange) {
  const role = createRoleSelect(account.role);
  const folders = createSourcesField(sources, account.sources, t("sources.all_later"));
  const disabled = createElement("input", { type: "checkbox", checked: account.disabled });
  bindRole(role, folders);
  const form = createElement(
    "form",
    { className: "stack" },
    role,
    folders.element,
    createElement("label", { className: "check" }, disabled, ` ${t("people.disable")}`),
    createElement("button", { type: "submit" }, t("people.save")),
  );
  bindForm(form, async (field) => {
    // An admin has no list of folders; sending one would limit them after the role is taken away.
    const sent = field("role") === "admin" ? null : folders.read();
    await changeAccount(account.id, { role: field("role"), sources: sent, disabled: disabled.checked });
    await onChange();
    showStatus(t("people.saved", { name: account.name }));
  });
  return form;
}

/**
 * @param {Account} account
 * @param {() => Promise<unknown>} onChange
 */
function createNewPasswordForm(account, onChange) {
  const button = createElement("button", { type: "submit" }, t("people.set_password"));
  const form = createElement("form", { className: "stack", autocomplete: "off" }, createPasswordField(), button);
  bindForm(form, async (field) => {
    await changeAccount(account.id, { password: field("password") });
    await onChange();
    showStatus(t("people.password_set", { name: account.name }));
  });
  return form;
}

/**
 * Return the row of an account.
 *
 * @param {Account} account
 * @param {Source[]} sources
 * @param {() => Promise<unknown>} onChange called after the account is changed or deleted
 */
export function createAccountRow(account, sources, onChange) {
  const { rights, used, warning } = describeAccount(account, sources);
  const isSelf = account.id === getAccountId();
  const remove = reportErrors(async () => {
    if (!confirm(t("people.delete_sure", { name: account.name }))) return;
    await deleteAccount(account.id);
    await onChange();
    showStatus(t("people.deleted", { name: account.name }));
  });
  const name = createElement("strong", {}, account.name, isSelf ? ` (${t("people.you")})` : "");
  const facts = createElement(
    "span",
    { className: "grow" },
    name,
    createElement("small", {}, rights),
    createElement("small", {}, used),
    warning ? createElement("small", { className: "wrong" }, warning) : null,
  );
  const removeButton = isSelf
    ? null
    : createButton(t("access.delete"), remove, { aria: { label: `${t("access.delete")}: ${account.name}` } });
  const change = createElement("summary", { aria: { label: `${t("people.change")}: ${account.name}` } });
  change.append(t("people.change"));
  const details = createElement(
    "details",
    { className: "change" },
    change,
    createElement(
      "div",
      { className: "columns" },
      createRightsForm(account, sources, onChange),
      isSelf ? null : createNewPasswordForm(account, onChange),
    ),
  );
  return createElement("li", {}, facts, removeButton, details);
}
