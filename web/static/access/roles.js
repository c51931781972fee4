/** The roles of accounts and keys. */

import { createElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { includesRole } from "../shared/session.js";

const ACCOUNT_ROLES = ["search", "edit", "admin"];

/**
 * Return a choice of roles.
 *
 * @param {string} selected
 * @param {string} [most] the role that includes all choices
 */
export function createRoleSelect(selected, most = "admin") {
  const roles = ACCOUNT_ROLES.filter((role) => includesRole(most, role));
  const options = roles.map((role) =>
    createElement("option", { value: role, selected: role === selected }, t(`role.${role}`)),
  );
  return createElement("label", {}, t("role.title"), createElement("select", { name: "role" }, ...options));
}
