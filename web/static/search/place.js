/** The item that the viewer shows, and where in it, as a part of the address: links lead to an item and a moment. */

/**
 * @typedef {object} Place
 * @property {number} id of the item
 * @property {number | null} [time] in seconds
 * @property {number | null} [page] from 1
 * @property {number | null} [segment] what was found; not in the address
 */

const FIELDS = ["item", "t", "page"];

/**
 * Read the place from the query string of an address.
 *
 * @param {string} [query]
 * @returns {Place | null}
 */
export function readPlace(query = location.search) {
  const fields = new URLSearchParams(query);
  const id = Number(fields.get("item"));
  if (!Number.isSafeInteger(id) || id < 1) return null;
  const time = Number.parseFloat(fields.get("t") ?? "");
  const page = Number.parseInt(fields.get("page") ?? "", 10);
  return { id, time: time >= 0 ? time : null, page: page >= 1 ? page : null };
}

/**
 * Return a query string with another place, or without one.
 *
 * @param {string} query
 * @param {Place | null} place
 */
export function writePlace(query, place) {
  const fields = new URLSearchParams(query);
  for (const name of FIELDS) fields.delete(name);
  if (place) {
    fields.set("item", String(place.id));
    if (place.time) fields.set("t", String(Math.round(place.time * 10) / 10));
    if (place.page && place.page > 1) fields.set("page", String(place.page));
  }
  const written = fields.toString();
  return written ? `?${written}` : "";
}
