/** The texts of the page in its language. */

/**
 * @typedef {Record<string, string | number | null | undefined>} Values
 *
 * @callback Translate
 * @param {string} key
 * @param {Values} [values] values of the placeholders; `n` also selects the plural form
 * @returns {string}
 */

/**
 * Return a function that looks up texts by key.
 *
 * @param {Record<string, string>} texts
 * @param {string} language
 * @returns {Translate}
 */
export function createTranslator(texts, language) {
  const rules = new Intl.PluralRules(language);
  return (key, values = {}) => {
    const { n } = values;
    const form = n === undefined ? key : `${key}.${rules.select(Number(n))}`;
    const text = texts[form] ?? texts[`${key}.other`] ?? texts[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (placeholder, name) => String(values[name] ?? placeholder));
  };
}

/** Return the language of the page. */
export const getLanguage = () => document.documentElement.lang;

/** @type {Translate | null} */
let translate = null;

/**
 * Return a text of the page.
 *
 * @type {Translate}
 */
export function t(key, values) {
  translate ??= createTranslator(JSON.parse(document.getElementById("texts")?.textContent ?? "{}"), getLanguage());
  return translate(key, values);
}
