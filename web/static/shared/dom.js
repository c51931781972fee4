/** Helpers to find and create elements. */

import { splitAtMatches } from "./format.js";

/**
 * @typedef {Node | string | null | undefined} Child `null`, `undefined` and empty strings are skipped.
 *
 * @typedef {object} Attributes
 * @property {Record<string, string | number>} [data] `data-` attributes
 * @property {Record<string, string | boolean>} [aria] `aria-` attributes
 */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @typedef {Partial<HTMLElementTagNameMap[K]> & Attributes} Properties
 */

/**
 * Return the element of the page with an id.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {{ new (): T }} [type] the class that the element must have
 * @returns {T}
 */
export function getElement(id, type = /** @type {{ new (): T }} */ (HTMLElement)) {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`The page has no ${type.name} with the id ${id}.`);
}

/**
 * Return a new element.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Properties<K>} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function createElement(tag, { data, aria, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(data ?? {})) element.dataset[name] = String(value);
  for (const [name, value] of Object.entries(aria ?? {})) element.setAttribute(`aria-${name}`, String(value));
  for (const child of children) if (child) element.append(child);
  return element;
}

/**
 * Return a new button.
 *
 * @param {Child} label
 * @param {(event: MouseEvent) => unknown} act called on a click
 * @param {Properties<"button">} [properties]
 */
export function createButton(label, act, properties = {}) {
  const button = createElement("button", { type: "button", ...properties }, label);
  button.addEventListener("click", act);
  return button;
}

/**
 * Return a new button with an icon as its label, and its name as a tooltip and for screen readers.
 *
 * @param {Child} icon
 * @param {string} name
 * @param {(event: MouseEvent) => unknown} act called on a click
 * @param {Properties<"button">} [properties]
 */
export function createIconButton(icon, name, act, properties = {}) {
  return createButton(icon, act, { title: name, ...properties, aria: { label: name, ...properties.aria } });
}

/**
 * Replace the rows of a list if they are not the same elements, since elements that are moved lose the focus.
 *
 * @param {HTMLElement} list
 * @param {HTMLElement[]} rows
 */
export function replaceRows(list, rows) {
  const hasChanged = rows.length !== list.children.length || rows.some((row, index) => list.children[index] !== row);
  if (hasChanged) list.replaceChildren(...rows);
}

/**
 * Create the content of an element again. A control in it that has the focus passes it on to the control with its name,
 * to a neighbor if that is disabled, or to the one in its place.
 *
 * @param {HTMLElement} element
 * @param {() => unknown} create
 */
export async function keepFocus(element, create) {
  const listControls = () => [...element.querySelectorAll(/** @type {"button"} */ ("a, select, input, button"))];
  const getName = (/** @type {Element} */ control) => control.getAttribute("aria-label") ?? control.textContent;
  const place = listControls().findIndex((control) => control === document.activeElement);
  const name = place < 0 ? "" : getName(/** @type {Element} */ (document.activeElement));
  await create();
  if (place < 0 || document.activeElement !== document.body) return;
  const controls = listControls();
  const same = name ? controls.find((control) => getName(control) === name) : null;
  const next = same?.disabled ? (same.nextElementSibling ?? same.previousElementSibling) : same;
  const target = next instanceof HTMLElement ? next : controls[Math.min(place, controls.length - 1)];
  target?.focus({ preventScroll: true });
}

/**
 * Let a button show and hide a panel. Escape hides the panel.
 *
 * @param {HTMLElement} button
 * @param {HTMLElement} panel
 * @param {() => unknown} onOpen called after the panel is shown
 */
export function bindDisclosure(button, panel, onOpen) {
  button.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) onOpen();
  });
  for (const element of [button, panel]) {
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || panel.hidden) return;
      event.preventDefault();
      button.click();
      button.focus();
    });
  }
}

/**
 * Return a text with the words of a query in `mark` elements.
 *
 * @param {string} text
 * @param {string} query
 */
export function highlightWords(text, query) {
  const fragment = document.createDocumentFragment();
  for (const piece of splitAtMatches(text, query)) {
    fragment.append(piece.isMatch ? createElement("mark", {}, piece.text) : piece.text);
  }
  return fragment;
}

/**
 * Play a recording. That it is paused before it plays is no error.
 *
 * @param {HTMLMediaElement} player
 */
export function startPlaying(player) {
  player.play().catch((error) => {
    if (error.name !== "AbortError") throw error;
  });
}
