/** The map of the results: clusters of what was captured near each other, on a packaged outline of the world. */

import { getThumbnailAddress, readMap } from "../shared/api.js";
import { bindDisclosure, createButton, createElement, getElement } from "../shared/dom.js";
import { getErrorMessage } from "../shared/errors.js";
import { t } from "../shared/i18n.js";
import { createAddressFields } from "./request.js";

/**
 * @import { MapCluster, State } from "../shared/types.js"
 *
 * @typedef {object} View A part of the map, in the units of the outline.
 * @property {number} x
 * @property {number} y
 * @property {number} width
 */

const WORLD = 3600;
const MIN_WIDTH = 2;
const ZOOM_STEP = 1.6;
const DELAY_MS = 150;
// The width of a cell, whose items are one cluster, in pixels.
const CELL = 72;
const KEYS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
});
const SVG = "http://www.w3.org/2000/svg";

/** @param {number} longitude */
export const toX = (longitude) => (longitude + 180) * 10;
/** @param {number} latitude */
export const toY = (latitude) =>
  1800 - Math.asinh(Math.tan((Math.max(-85.05, Math.min(latitude, 85.05)) * Math.PI) / 180)) * (1800 / Math.PI);
/** @param {number} x */
export const toLongitude = (x) => Math.max(-180, Math.min(x / 10 - 180, 180));
/** @param {number} y */
export const toLatitude = (y) =>
  (Math.atan(Math.sinh(((1800 - Math.max(0, Math.min(y, WORLD))) * Math.PI) / 1800)) * 180) / Math.PI;

/** @param {string} d @param {string} className */
function createPath(d, className) {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", d);
  path.setAttribute("class", className);
  return path;
}

export class MapPanel {
  #panel = getElement("map");
  #onPlace;
  /** @type {State | null} */
  #state = null;
  /** @type {View} */
  #view = { x: 0, y: 600, width: WORLD };
  #svg = document.createElementNS(SVG, "svg");
  #marks = createElement("div", { className: "marks" });
  #note = createElement("p", { className: "hint" });
  #frame = createElement("div", { className: "frame", tabIndex: 0, role: "group" }, this.#svg, this.#marks);
  #timer = 0;
  #latest = 0;
  #isFitted = false;
  /** @type {Map<number, { x: number, y: number }>} */
  #pointers = new Map();

  /** @param {(places: string[]) => void} onPlace called with the values of the filter for places */
  constructor(onPlace) {
    this.#onPlace = onPlace;
    bindDisclosure(getElement("map-toggle"), this.#panel, () => this.#open());
  }

  /**
   * Show the results of a state, if the map is open.
   *
   * @param {State} state
   */
  show(state) {
    this.#state = state;
    this.#isFitted = false;
    if (!this.#panel.hidden && this.#svg.childElementCount) this.#load();
  }

  async #open() {
    if (!this.#svg.childElementCount) {
      const { LAND, BORDERS } = await import("./world.js");
      this.#svg.setAttribute("aria-hidden", "true");
      this.#svg.append(createPath(LAND, "land"), createPath(BORDERS, "borders"));
      this.#frame.setAttribute("aria-label", t("map.label"));
      const tools = createElement(
        "div",
        { className: "zoom" },
        createButton("+", () => this.#zoom(1 / ZOOM_STEP), { aria: { label: t("map.in") } }),
        createButton("−", () => this.#zoom(ZOOM_STEP), { aria: { label: t("map.out") } }),
        createButton("⤢", () => this.#fit(), { aria: { label: t("map.fit") } }),
      );
      this.#frame.append(tools);
      this.#panel.replaceChildren(this.#frame, this.#note);
      this.#bind();
      new ResizeObserver(() => this.#draw()).observe(this.#frame);
    }
    this.#draw();
    this.#load();
  }

  #bind() {
    const frame = this.#frame;
    frame.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#zoom(
        event.deltaY > 0 ? 1.2 : 1 / 1.2,
        event.offsetX / frame.clientWidth,
        event.offsetY / frame.clientHeight,
      );
    });
    frame.addEventListener("keydown", (event) => {
      const move = KEYS[event.key];
      if (move) this.#move((move[0] * frame.clientWidth) / 5, (move[1] * frame.clientHeight) / 5);
      else if (event.key === "+" || event.key === "=") this.#zoom(1 / ZOOM_STEP);
      else if (event.key === "-") this.#zoom(ZOOM_STEP);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    frame.addEventListener("pointerdown", (event) => {
      if (event.target instanceof Element && event.target.closest("button")) return;
      frame.setPointerCapture(event.pointerId);
      this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    frame.addEventListener("pointermove", (event) => this.#drag(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
      frame.addEventListener(name, (event) => this.#pointers.delete(event.pointerId));
    }
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    this.#pointers.set(event.pointerId, now);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) return this.#move(before.x - now.x, before.y - now.y);
    const box = this.#frame.getBoundingClientRect();
    const spread =
      Math.hypot(before.x - other.x, before.y - other.y) / (Math.hypot(now.x - other.x, now.y - other.y) || 1);
    this.#zoom(spread, (other.x - box.left) / box.width, (other.y - box.top) / box.height);
  }

  get #ratio() {
    return this.#frame.clientHeight / (this.#frame.clientWidth || 1);
  }

  /** @param {number} right in pixels @param {number} down in pixels */
  #move(right, down) {
    const unit = this.#view.width / (this.#frame.clientWidth || 1);
    this.#set({ ...this.#view, x: this.#view.x + right * unit, y: this.#view.y + down * unit });
  }

  /** @param {number} factor above 1 to see more @param {number} [x] @param {number} [y] the fixed point, in shares */
  #zoom(factor, x = 0.5, y = 0.5) {
    const width = Math.max(MIN_WIDTH, Math.min(this.#view.width * factor, WORLD));
    const change = this.#view.width - width;
    this.#set({ x: this.#view.x + change * x, y: this.#view.y + change * y * this.#ratio, width });
  }

  /** @param {View} view */
  #set(view) {
    const height = view.width * this.#ratio;
    this.#view = {
      width: view.width,
      x: Math.max(0, Math.min(view.x, WORLD - view.width)),
      y: Math.max(0, Math.min(view.y, Math.max(0, WORLD - height))),
    };
    this.#draw();
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#load(), DELAY_MS);
  }

  #draw() {
    const { x, y, width } = this.#view;
    const height = width * this.#ratio;
    this.#svg.setAttribute("viewBox", `${x} ${y} ${width} ${height || 1}`);
    for (const mark of this.#marks.children) {
      if (!(mark instanceof HTMLElement)) continue;
      mark.style.left = `${((Number(mark.dataset["x"]) - x) / width) * 100}%`;
      mark.style.top = `${((Number(mark.dataset["y"]) - y) / height) * 100}%`;
    }
  }

  async #load() {
    const state = this.#state;
    if (!state || this.#panel.hidden) return;
    this.#latest += 1;
    const request = this.#latest;
    const { x, y, width } = this.#view;
    const fields = createAddressFields(state);
    if (this.#isFitted) {
      fields.set("west", String(toLongitude(x)));
      fields.set("east", String(toLongitude(x + width)));
      fields.set("north", String(toLatitude(y)));
      fields.set("south", String(toLatitude(y + width * this.#ratio)));
    }
    fields.set("columns", String(Math.max(2, Math.min(Math.round(this.#frame.clientWidth / CELL), 64))));
    try {
      const { clusters, total } = await readMap(fields);
      if (request !== this.#latest) return;
      if (!this.#isFitted) {
        this.#isFitted = true;
        this.#clusters = clusters;
        return this.#fit();
      }
      this.#marks.replaceChildren(...clusters.map((cluster) => this.#createMark(cluster)));
      this.#note.textContent = `${t("map.total", { n: total })} · ${t("map.sources")}`;
      this.#draw();
    } catch (error) {
      this.#note.textContent = getErrorMessage(error);
    }
  }

  /** @type {MapCluster[]} of the whole world */
  #clusters = [];

  /** Show all results. */
  #fit() {
    this.#show(this.#clusters);
  }

  /** @param {MapCluster[]} clusters */
  #show(clusters) {
    if (!clusters.length) return this.#set({ x: 0, y: 600, width: WORLD });
    const left = toX(Math.min(...clusters.map((one) => one.west)));
    const right = toX(Math.max(...clusters.map((one) => one.east)));
    const top = toY(Math.max(...clusters.map((one) => one.north)));
    const bottom = toY(Math.min(...clusters.map((one) => one.south)));
    const width = Math.min(WORLD, Math.max((right - left) * 1.4, ((bottom - top) * 1.4) / (this.#ratio || 1), 4));
    this.#set({ x: (left + right - width) / 2, y: (top + bottom - width * this.#ratio) / 2, width });
  }

  /** @param {MapCluster} cluster */
  #createMark(cluster) {
    const place = cluster.places[0];
    const label = t("map.cluster", { n: cluster.count, place: place?.name ?? t("map.several") });
    const image = createElement("img", { src: getThumbnailAddress({ id: cluster.item }), alt: "" });
    const mark = createButton(image, () => this.#choose(cluster), { className: "mark", title: label, aria: { label } });
    mark.append(createElement("span", {}, cluster.count.toLocaleString()));
    mark.dataset["x"] = String(toX(cluster.longitude));
    mark.dataset["y"] = String(toY(cluster.latitude));
    return mark;
  }

  /** @param {MapCluster} cluster Filter by its place, or zoom in if it has several. */
  #choose(cluster) {
    const place = cluster.places[0];
    const isSpread = toX(cluster.east) - toX(cluster.west) > this.#view.width / 200;
    if (place && (place.level === "city" || !isSpread)) this.#onPlace([place.value]);
    else this.#show([cluster]);
  }
}
