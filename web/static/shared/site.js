/** What the server says about itself in the page. */

/** @returns {DOMStringMap} empty where there is no page */
const getSite = () => globalThis.document?.documentElement.dataset ?? {};

/**
 * Return the address of a path of the server, which a proxy may have mounted at another path.
 *
 * @param {string} path starts with a slash
 */
export const locate = (path) => (getSite()["root"] ?? "") + path;

/** Return whether queries may be kept in the address, in the history and in the suggestions. */
export const mayKeepQueries = () => getSite()["queries"] !== "forget";
