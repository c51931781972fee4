/** The page of an account: its sessions, its password and its API keys. */

import { changePassword, listKeys, readSession, signOutEverywhere } from "../shared/accounts.js";
import { listSources } from "../shared/api.js";
import { getElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { getAccountId, goToSignIn, setFormToken } from "../shared/session.js";
import { locate } from "../shared/site.js";
import { reportErrors, showStatus } from "../shared/status.js";
import { bindForm, bindPasswordBoxes } from "./forms.js";
import { bindKeyForm, showKeys } from "./keys.js";
import { describeSources } from "./sources-field.js";

/** @import { Source } from "../shared/library-types.js" */

/** @param {Source[]} sources */
async function showOwnKeys(sources) {
  const { keys } = await listKeys();
  const own = keys.filter((key) => key.account_id === getAccountId());
  showKeys(own, sources, null, () => showOwnKeys(sources));
}

/**
 * Throw an error again; if it is because the session has ended, also go to the sign-in. Its status does not say which.
 *
 * @param {unknown} error
 * @returns {Promise<never>}
 */
async function leaveIfSignedOut(error) {
  if (!(await readSession()).account) goToSignIn();
  throw error;
}

function bindSignOutEverywhere() {
  getElement("sign-out-everywhere").addEventListener(
    "click",
    reportErrors(async () => {
      await signOutEverywhere().catch(leaveIfSignedOut);
      // Back does not lead to a page of the session.
      location.replace(locate("/sign-in?everywhere"));
    }),
  );
}

function bindPasswordForm() {
  const form = getElement("password", HTMLFormElement);
  bindForm(form, async (field) => {
    const session = await changePassword(field("current"), field("new")).catch(leaveIfSignedOut);
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
  bindSignOutEverywhere();
  bindPasswordForm();
  show();
}
bindPasswordBoxes();
