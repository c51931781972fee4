/** Reasons and messages of the server in the language of the page. */

/**
 * @typedef {(text: string) => string} Localize
 *
 * @typedef {{ pattern: RegExp, translation: string }} Template
 */

const SEPARATOR = "; ";

/** @param {string} text */
const escapePattern = (text) => text.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&");

/**
 * Return a function that translates reasons. A value in a reason, such as another reason, is translated as well; what
 * is not known, such as a message of a decoder, stays as it is.
 *
 * @param {Record<string, string>} texts translations by the English form, with `{}` in place of each value
 * @returns {Localize}
 */
export function createLocalizer(texts) {
  /** @type {Template[] | null} */
  let templates = null;
  // Those with the most text first, so that "damaged: {}: {}" does not match "damaged: {} is not XML".
  const compile = () =>
    Object.entries(texts)
      .filter(([english]) => english.includes("{}"))
      .sort(([one], [other]) => other.replaceAll("{}", "").length - one.replaceAll("{}", "").length)
      .map(([english, translation]) => {
        const pattern = english.split("{}").map(escapePattern).join("(.+?)");
        return { pattern: new RegExp(`^${pattern}$`, "s"), translation };
      });
  /** @type {Localize} */
  const localize = (text) => {
    const whole = texts[text];
    if (whole !== undefined) return whole;
    templates ??= compile();
    for (const { pattern, translation } of templates) {
      const values = pattern.exec(text)?.slice(1);
      if (values) return translation.replaceAll("{}", () => localize(values.shift() ?? ""));
    }
    return text.includes(SEPARATOR) ? text.split(SEPARATOR).map(localize).join(SEPARATOR) : text;
  };
  return localize;
}

/** @type {Localize | null} */
let localize = null;

/**
 * Return a reason in the language of the page.
 *
 * @param {string | null | undefined} reason
 */
export function localizeReason(reason) {
  localize ??= createLocalizer(JSON.parse(document.getElementById("reasons")?.textContent ?? "{}"));
  return reason ? localize(reason) : "";
}
