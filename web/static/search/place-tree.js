/** The places of the library as a tree of countries, regions and cities, and the chips of those that are set. */

import { readFacets } from "../shared/api.js";
import { createButton, createElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";

/**
 * @import { PlaceCount, State } from "../shared/types.js"
 *
 * @typedef {(changes: Partial<State>) => void} OnChange
 */

/**
 * @param {PlaceCount[]} places
 * @param {State} state
 * @param {OnChange} onChange
 * @returns {HTMLElement}
 */
function createList(places, state, onChange) {
  const rows = places.map((place) => {
    const isSet = state.place.includes(place.value);
    const toggle = () =>
      onChange({ place: isSet ? state.place.filter((one) => one !== place.value) : [...state.place, place.value] });
    const button = createButton(`${place.name} ${place.count}`, toggle, {
      className: "chip",
      aria: { pressed: isSet },
    });
    if (!place.places.length) return createElement("li", {}, button);
    const below = createElement(
      "details",
      { open: hasSet(place.places, state) },
      createElement("summary", { aria: { label: t("filter.places_in", { what: place.name }) } }),
      createList(place.places, state, onChange),
    );
    return createElement("li", {}, button, below);
  });
  return createElement("ul", {}, ...rows);
}

/**
 * @param {PlaceCount[]} places
 * @param {State} state
 * @returns {boolean}
 */
const hasSet = (places, state) =>
  places.some((place) => state.place.includes(place.value) || hasSet(place.places, state));

/**
 * Return the tree of places; a click on one filters by it.
 *
 * @param {PlaceCount[]} places
 * @param {State} state
 * @param {OnChange} onChange
 */
export function createPlaceTree(places, state, onChange) {
  const label = createElement("span", { className: "label" }, t("filter.places"));
  return createElement("div", { className: "places" }, label, createList(places, state, onChange));
}

/**
 * @param {PlaceCount[]} places
 * @param {string} value
 * @returns {string | undefined} the name of the place with this code
 */
export function findPlaceName(places, value) {
  for (const place of places) {
    const name = place.value === value ? place.name : findPlaceName(place.places, value);
    if (name) return name;
  }
  return undefined;
}

/**
 * Replace the code of a place on its chip by its name.
 *
 * @param {HTMLElement} chip
 * @param {string} value
 */
export async function showPlaceName(chip, value) {
  const facets = await readFacets({ places: [value] }, ["places"]).catch(() => null);
  const name = facets && findPlaceName(facets.places, value);
  if (!name) return;
  chip.textContent = `${name} ×`;
  chip.setAttribute("aria-label", `${t("part.remove")}: ${name}`);
}
