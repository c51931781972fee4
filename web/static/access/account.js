/** The page of an account: its password and its API keys. */

import { changePassword, listKeys, readSession } from "../shared/accounts.js";
import { listSources } from "../shared/api.js";
import { getElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { getAccountId, goToSignIn, setFormToken } from "../shared/session.js";
import { reportErrors, showStatus } from "../shared/status.js";
import { bindForm, bindPasswordBoxes } from "./forms.js";
import { bindKeyForm, showKeys } from "./keys.js";
import { describeSources } from "./sources-field.js";

/** @import { Source } from "../shared/types.js" */

/** @param {Source[]} sources */
async function showOwnKeys(sources) {
  const { keys } = await listKeys();
  const own = keys.filter((key) => key.account_id === getAccountId());
  showKeys(own, sources, null, () => showOwnKeys(sources));
}

function bindPasswordForm() {
  const form = getElement("password", HTMLFormElement);
  bindForm(form, async (field) => {
    const session = await changePassword(field("current"), field("new")).catch(async (error) => {
      // A wrong password and a session that has ended have the same status.
      if (!(await readSession()).account) goToSignIn();
      throw error;
    });
    // The password was changed in a new session; all others have ended.
    setFormToken(session.form_token);
    form.reset();
    showStatus(t("account.password_changed"));
  });
}

const show = reportErrors(async () => {
  const [{ account }, { sources }] = await Promise.all([readSession(), listSources()]);
  if (!account) return goToSignIn();
  getElement("may-read").textContent = t("account.may_read", { folders: describeSources(account.sources, sources) });
  bindKeyForm(account, sources, () => showOwnKeys(sources));
  await showOwnKeys(sources);
});

// Without accounts, the page says how to create the first one.
if (getAccountId()) {
  bindPasswordForm();
  show();
}
bindPasswordBoxes();
