/** The page that creates the first account, with the link that `crossmodal serve --setup` prints. */

import { addFirstAccount } from "../shared/accounts.js";
import { getElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { locate } from "../shared/site.js";
import { showStatus } from "../shared/status.js";
import { bindForm, bindPasswordBoxes } from "./forms.js";

const form = getElement("setup", HTMLFormElement);
// Browsers do not send the fragment, so the token is in no log. Here it is removed from the history.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
history.replaceState(null, "", location.pathname);
const hasAdmin = form.dataset["hasAdmin"] !== undefined;
form.hidden = !token || hasAdmin;
if (form.hidden) showStatus(t(hasAdmin ? "setup.has_admin" : "setup.no_token"), true);

bindForm(form, async (field) => {
  if (field("password") !== field("again")) throw new Error(t("password.differs"));
  await addFirstAccount(field("name").trim(), field("password"), token ?? "");
  location.replace(locate("/"));
});
bindPasswordBoxes();
// The link was opened again in this tab.
addEventListener("hashchange", () => location.reload());
