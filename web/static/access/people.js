/** The page for admins: the accounts, all API keys, and who did what. */

import { addAccount, listAccounts, listKeys } from "../shared/accounts.js";
import { listSources } from "../shared/api.js";
import { createElement, getElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { reportErrors, showStatus } from "../shared/status.js";
import { bindRole, createAccountRow, createPasswordField } from "./account-row.js";
import { bindActivities, showActivities } from "./activities.js";
import { bindForm } from "./forms.js";
import { showKeys } from "./keys.js";
import { createRoleSelect } from "./roles.js";
import { createSourcesField } from "./sources-field.js";

/** @import { Source } from "../shared/library-types.js" */

async function showAll() {
  const [{ accounts }, { keys }, { sources }] = await Promise.all([
    listAccounts(),
    listKeys(),
    listSources(),
    showActivities(),
  ]);
  const rows = accounts.map((account) => createAccountRow(account, sources, showAll));
  getElement("accounts").replaceChildren(...rows);
  const owners = new Map(accounts.map(({ id, name }) => [id, name]));
  showKeys(keys, sources, owners, showAll);
  return sources;
}

/** @param {Source[]} sources */
function fillForm(sources) {
  const form = getElement("add-account", HTMLFormElement);
  const name = createElement("input", { name: "name", required: true, maxLength: 100 });
  name.setAttribute("autocomplete", "off");
  name.setAttribute("autocapitalize", "none");
  const role = createRoleSelect("search");
  const folders = createSourcesField(sources, null, t("sources.all_later"));
  bindRole(role, folders);
  form.replaceChildren(
    createElement("label", {}, t("signin.name"), name),
    createPasswordField(form.dataset["invites"] !== undefined),
    role,
    folders.element,
    createElement("button", { type: "submit" }, t("people.create")),
  );
  return folders;
}

const start = reportErrors(async () => {
  const form = getElement("add-account", HTMLFormElement);
  const sources = await showAll();
  let folders = fillForm(sources);
  bindForm(form, async (field) => {
    const name = field("name").trim();
    const chosen = field("role") === "admin" ? null : folders.read();
    // Editors find at least the uploads.
    const isBlind = chosen?.length === 0 && field("role") === "search";
    if (isBlind && !confirm(t("people.no_folders_sure", { name }))) return;
    const account = await addAccount({
      name,
      password: field("password") || null,
      role: field("role"),
      sources: chosen,
    });
    getElement("add", HTMLDetailsElement).open = false;
    folders = fillForm(await showAll());
    showStatus(t(field("password") ? "people.created" : "people.invited", { name: account.name }));
  });
});

bindActivities();
start();
