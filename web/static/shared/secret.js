/** Keys and links: a secret that is shown once, how long it is valid, and when it was used. */

import { createButton, createElement } from "./dom.js";
import { formatDate } from "./format.js";
import { t } from "./i18n.js";

/**
 * Return a field with a secret.
 *
 * @param {string} label
 * @param {string} secret
 * @param {string} hint what to do with it
 */
export function createSecretField(label, secret, hint) {
  const field = createElement("input", { readOnly: true, value: secret, aria: { label } });
  field.setAttribute("autocomplete", "off");
  const status = createElement("small");
  status.setAttribute("role", "status");
  const copy = createButton(t("secret.copy"), async () => {
    field.select();
    try {
      // Without https, browsers have no clipboard.
      await navigator.clipboard.writeText(secret);
      status.textContent = t("secret.copied");
    } catch {
      status.textContent = t("secret.not_copied");
    }
  });
  field.addEventListener("focus", () => field.select());
  return createElement(
    "div",
    { className: "secret" },
    createElement("strong", {}, label),
    createElement("div", { className: "line" }, field, copy),
    status,
    createElement("p", { className: "hint" }, hint),
  );
}

/**
 * Return when a key or a link was last used and when it expires, in words.
 *
 * @param {{ expires_at: string | null, last_used_at: string | null }} times
 * @param {Date} [now]
 */
export function describeUse({ expires_at, last_used_at }, now = new Date()) {
  const used = last_used_at ? t("key.used", { time: formatDate(last_used_at) }) : t("key.unused");
  if (!expires_at) return [used, t("key.unlimited")];
  return [used, t(new Date(expires_at) < now ? "key.expired" : "key.expires", { time: formatDate(expires_at) })];
}

/** The choices of how long a key or a link is valid, in days; null for no limit. */
export const LIFETIMES = [7, 30, 90, 365, null];

/**
 * Return a choice of how long a key or a link is valid.
 *
 * @param {number} selected
 */
export function createLifetimeSelect(selected) {
  const options = LIFETIMES.map((days) =>
    createElement(
      "option",
      { value: String(days ?? ""), selected: days === selected },
      days === null ? t("lifetime.never") : t("lifetime.days", { n: days }),
    ),
  );
  const select = createElement("select", { name: "days" }, ...options);
  return createElement("label", {}, t("lifetime.title"), select);
}

/**
 * Return the days that are chosen; null for no limit.
 *
 * @param {string} value of the choice
 */
export const readLifetime = (value) => (value ? Number(value) : null);
