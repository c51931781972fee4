/** The page to sign in. */

import { signIn } from "../shared/accounts.js";
import { t } from "../shared/i18n.js";
import { forgetQueries } from "../shared/session.js";
import { locate } from "../shared/site.js";
import { showStatus } from "../shared/status.js";
import { bindForm, bindPasswordBoxes } from "./forms.js";
import { readTarget } from "./target.js";

const fields = new URLSearchParams(location.search);
if (fields.has("out")) showStatus(t("signin.out"));
else if (fields.has("everywhere")) showStatus(t("signin.out_everywhere"));
else if (fields.has("left")) showStatus(t("signin.left"));
else if (fields.has("next")) showStatus(t("signin.needed"));

// Here, since the page before stores its place when it is left.
forgetQueries(["out", "everywhere", "left"].some((name) => fields.has(name)));

const target = readTarget(location.search, location.origin);
const provider = document.getElementById("provider");
if (provider instanceof HTMLAnchorElement) provider.search = `?${new URLSearchParams({ next: target })}`;

const form = document.getElementById("sign-in");
if (form instanceof HTMLFormElement) {
  bindForm(form, async (field) => {
    try {
      await signIn(field("name").trim(), field("password"));
    } catch (error) {
      const password = form.elements.namedItem("password");
      if (password instanceof HTMLInputElement) password.select();
      throw error;
    }
    location.replace(locate(target));
  });
}
bindPasswordBoxes();
