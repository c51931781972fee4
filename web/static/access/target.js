/** Where the page to sign in leads to. */

const START = "/";
const SIGN_IN = /^\/(sign-in|setup)\b/;

/**
 * Return the path of this server that `next` of an address names; the start page if it names anything else, such as
 * another site.
 *
 * @param {string} query the query string of the page to sign in
 * @param {string} origin the origin of this server
 */
export function readTarget(query, origin) {
  const next = new URLSearchParams(query).get("next") ?? START;
  // Browsers remove tabs and line ends, and read a backslash as a slash. What is left must have a single slash.
  if (!/^\/(?![/\\])/.test(next)) return START;
  try {
    const address = new URL(next, origin);
    const path = address.pathname + address.search + address.hash;
    const isSafe = address.origin === origin && !path.startsWith("//") && !SIGN_IN.test(path);
    return isSafe ? path : START;
  } catch {
    return START;
  }
}
