// Making elements and saying things: the few helpers that every module shares.

const texts = JSON.parse(document.getElementById("texts").textContent);
const rules = new Intl.PluralRules(document.documentElement.lang);

// A text by its key, with values put in. With `n`, the form that fits the number.
export function t(key, values = {}) {
  const form = values.n === undefined ? key : `${key}.${rules.select(values.n)}`;
  const text = texts[form] ?? texts[`${key}.other`] ?? texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function make(tag, properties = {}, ...children) {
  const { data, aria, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(aria ?? {})) element.setAttribute(`aria-${name}`, value);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export function makeButton(label, act, properties = {}) {
  const button = make("button", { type: "button", ...properties }, label);
  button.addEventListener("click", act);
  return button;
}

// A button that shows a sign and says its name.
export function makeSign(sign, name, act, properties = {}) {
  return makeButton(sign, act, { title: name, ...properties, aria: { label: name, ...properties.aria } });
}

// A button that shows and hides a panel; opened(): when it is shown.
export function disclose(button, panel, opened) {
  button.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) opened();
  });
  for (const one of [button, panel]) {
    one.addEventListener("keydown", (event) => { if (event.key === "Escape" && !panel.hidden) { event.preventDefault(); button.click(); button.focus(); } });
  }
}

export const find = (id) => document.getElementById(id);

export const nameItem = (item) => item.path.split("/").pop();

export function formatTime(seconds) {
  const whole = Math.floor(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = String(Math.floor(whole / 60) % 60);
  return `${hours ? `${hours}:${minutes.padStart(2, "0")}` : minutes}:${String(whole % 60).padStart(2, "0")}`;
}

export const formatDate = (iso) => (iso ? new Date(iso).toLocaleString(document.documentElement.lang,
  { dateStyle: "medium", timeStyle: /T00:00:00/.test(iso) ? undefined : "short" }) : "");

export const nameLanguage = (code) => new Intl.DisplayNames([document.documentElement.lang], { type: "language" }).of(code);

export const isTimed = (one) => one.start !== null && one.start !== undefined;

// Text with the words of the query marked.
export function markWords(text, words) {
  const wanted = words.match(/[\p{L}\p{N}]{3,}|\p{Script=Han}+|\p{N}+/gu) ?? [];
  const fragment = document.createDocumentFragment();
  let end = 0;
  if (wanted.length) {
    const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(${wanted.join("|")})(?![\\p{L}\\p{N}])`, "giu");
    for (const match of text.matchAll(pattern)) {
      fragment.append(text.slice(end, match.index), make("mark", {}, match[0]));
      end = match.index + match[0].length;
    }
  }
  fragment.append(text.slice(end));
  return fragment;
}

export function explain(evidence) {
  const why = t(`why.${evidence.kind}`);
  if (isTimed(evidence)) return t("why.at", { why, time: formatTime(evidence.start) });
  return evidence.page ? t("why.page", { why, page: evidence.page }) : why;
}
