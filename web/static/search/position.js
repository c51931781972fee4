/** The scroll position of the results. It is restored after a reload and when the reader goes back. */

const STORAGE_KEY = "place";

/** @typedef {{ top: number, count: number }} Position The scroll offset in pixels and the number of results. */

/**
 * Store the position in the current history entry, before another one is added.
 *
 * @param {number} count
 */
export function storeInHistory(count) {
  history.replaceState({ ...history.state, place: { top: scrollY, count } }, "");
}

/**
 * Return the position that is stored in the current history entry.
 *
 * @returns {Position | undefined}
 */
export const readFromHistory = () => history.state?.place;

/**
 * Store the position for a reload of the page.
 *
 * @param {number} count
 */
export function storeInSession(count) {
  sessionStorage.setItem(STORAGE_KEY, JSON.stringify({ address: location.search, top: scrollY, count }));
}

/**
 * Return the position that was stored before a reload of the page.
 *
 * @returns {Position | undefined}
 */
export function readFromSession() {
  const stored = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "null");
  return stored?.address === location.search ? stored : undefined;
}
