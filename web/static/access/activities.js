/** Who did what. */

import { listActivities } from "../shared/accounts.js";
import { createElement, getElement } from "../shared/dom.js";
import { formatDate } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { reportErrors } from "../shared/status.js";

/**
 * @import { Translate } from "../shared/i18n.js"
 * @import { Activity } from "../shared/account-types.js"
 */

/**
 * Return who did what, as a sentence.
 *
 * @param {Activity} activity
 * @param {Translate} [translate]
 */
export function describeActivity({ account, action, subject }, translate = t) {
  // On the command line, an admin sets the password of somebody.
  const isOther = action === "password-changed" && subject !== null;
  const key = `activity.${isOther ? "password-set" : action}`;
  const values = { who: account ?? translate("activity.nobody"), what: subject ?? "" };
  const sentence = translate(key, values);
  // An action of a newer server, or of a plug-in, has no text.
  return sentence === key ? `${values.who}: ${action} ${values.what}`.trim() : sentence;
}

/** @param {Activity} activity */
function createActivityRow(activity) {
  const where = activity.address ? t("activity.from", { address: activity.address }) : "";
  return createElement(
    "li",
    {},
    createElement("span", { className: "grow" }, describeActivity(activity), createElement("small", {}, where)),
    createElement("time", { dateTime: activity.at }, formatDate(activity.at)),
  );
}

/** @type {number | null} */
let cursor = null;

/** @param {boolean} isNextPage append the next page */
async function load(isNextPage) {
  const { activities, next } = await listActivities(isNextPage ? cursor : null);
  cursor = next;
  const list = getElement("activities");
  const rows = activities.map(createActivityRow);
  if (isNextPage) list.append(...rows);
  else list.replaceChildren(...(rows.length ? rows : [createElement("li", {}, t("activity.none"))]));
  getElement("more-activities").hidden = next === null;
}

/** Show the newest activities. */
export const showActivities = () => load(false);

/** Let more activities be shown. */
export function bindActivities() {
  getElement("more-activities").addEventListener(
    "click",
    reportErrors(() => load(true)),
  );
}
