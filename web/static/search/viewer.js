// One item in full: picture, player at the moment found, or passages, with the evidence beside it.

import { mediaAddress, pictureAddress, readHeat, readItem, thumbnailAddress } from "../shared/api.js";
import { drawBox } from "./crop.js";
import { makeFacts } from "./facts.js";
import { makeFinder } from "./finder.js";
import { explain, find, formatTime, isTimed, make, makeButton, makeSign, markWords, nameItem, t } from "../shared/make.js";
import { makeTexts } from "./transcript.js";
import { makeTimeline } from "./timeline.js";
import { makeRequest } from "./state.js";

// A document of no more passages is seen at a glance.
const FEW = 4;
// What plays a recording from a place.
const PLACES = ".seek, .moment, .mark";
// As multiples of the size that is shown at first.
const ZOOMS = [1, 1.4, 2, 2.8, 4, 6, 8];

// Two lanes may speak for the same segment; a reader needs it once.
function dropRepeated(evidence) {
  const seen = new Set();
  return evidence.filter((one) => {
    const place = [one.kind, one.start, one.page, one.snippet].join("|");
    return !seen.has(place) && seen.add(place);
  });
}

export class Viewer {
  #dialog = find("viewer");
  #calls;
  #place = 0;
  #words = "";
  #state = null;
  #player = null;
  #picture = null;
  #zoom = 0;
  #width = 0;
  #shown = 0;
  #leaving = false;

  // calls: entries(), more(), like(item, weight, crop), closed(place).
  constructor(calls) {
    this.#calls = calls;
    this.#dialog.addEventListener("click", (event) => { if (event.target === this.#dialog) this.#dialog.close(); });
    this.#dialog.addEventListener("close", () => {
      const isItem = this.#dialog.querySelector(".sheet") !== null;
      this.#dialog.replaceChildren();
      if (!isItem) return; // a picture that a region was asked of
      this.#calls.closed(this.#place);
      // The entry that Back would have closed it by is no longer needed.
      if (history.state?.viewing) { this.#leaving = true; history.back(); }
    });
    this.#dialog.addEventListener("keydown", (event) => this.#press(event));
    // Some browsers click a button when the space bar is let go of, whatever became of the pressing.
    this.#dialog.addEventListener("keyup", (event) => { if (event.key === " " && event.target.matches(PLACES)) event.preventDefault(); });
  }

  // Tells whether a step through the history was only about the viewer.
  leave() {
    if (this.#leaving) { this.#leaving = false; return true; }
    if (!this.#dialog.open) return false;
    this.#dialog.close();
    return true;
  }

  // Closes for something else to be asked, which goes on in the same entry of the history.
  close() {
    if (!this.#dialog.open) return;
    const { viewing, ...rest } = history.state ?? {};
    history.replaceState(rest, "");
    this.#dialog.close();
  }

  open(place, words, state) {
    this.#words = words;
    this.#state = state;
    this.#show(place);
    if (!this.#dialog.open) {
      history.pushState({ ...history.state, viewing: true }, "");
      this.#dialog.showModal();
    }
    this.#dialog.focus();
  }

  #go(step) {
    const entries = this.#calls.entries();
    const place = this.#place + step;
    if (place < 0 || place >= entries.length) return;
    if (place > entries.length - 5) this.#calls.more();
    this.#show(place);
  }

  #press(event) {
    if (/^(INPUT|SELECT)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    const isPlayer = event.target === this.#player;
    // A place in the recording plays when it is clicked; the space bar then belongs to the player.
    const isOther = event.target.tagName === "BUTTON" && !event.target.matches(PLACES);
    const keys = {
      ArrowLeft: () => !isPlayer && this.#go(-1),
      ArrowRight: () => !isPlayer && this.#go(1),
      " ": () => (this.#player && !isPlayer && !isOther ? this.#toggle() : false),
      f: () => this.#fill(),
      i: () => this.#dialog.classList.toggle("bare"),
      h: () => this.#dialog.querySelector(".heat-toggle:not([hidden])")?.click(),
      "+": () => this.#zoomTo(this.#zoom + 1),
      "-": () => this.#zoomTo(this.#zoom - 1),
      0: () => this.#zoomTo(0),
    };
    const act = keys[event.key];
    if (act && act() !== false) event.preventDefault();
  }

  #toggle() { if (this.#player.paused) this.#player.play(); else this.#player.pause(); }

  #fill() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.#dialog.querySelector(".stage").requestFullscreen?.();
  }

  #zoomTo(step) {
    if (!this.#picture) return;
    if (!this.#zoom) this.#width = this.#picture.getBoundingClientRect().width;
    this.#zoom = Math.min(Math.max(step, 0), ZOOMS.length - 1);
    const stage = this.#dialog.querySelector(".stage");
    stage.classList.toggle("zoomed", this.#zoom > 0);
    stage.style.setProperty("--wide", `${Math.round(this.#width * ZOOMS[this.#zoom])}px`);
    if (this.#zoom) stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2, (stage.scrollHeight - stage.clientHeight) / 2);
  }

  async #show(place) {
    this.#place = place;
    const mine = ++this.#shown;
    const entries = this.#calls.entries();
    const hit = entries[place];
    const { item } = hit;
    const start = hit.evidence.find(isTimed)?.start ?? 0;
    const stage = this.#makeStage(item, start);
    const side = this.#makeSide(hit);
    const older = makeSign("‹", t("view.previous"), () => this.#go(-1), { className: "turn back", disabled: place === 0 });
    const newer = makeSign("›", t("view.next"), () => this.#go(1), { className: "turn on", disabled: place === entries.length - 1 });
    const close = makeSign("×", t("view.close"), () => this.#dialog.close(), { className: "close" });
    this.#dialog.replaceChildren(make("div", { className: "sheet" }, stage, side), older, newer, close);
    const full = await readItem(item.id).catch(() => null);
    if (!full || mine !== this.#shown) return;
    side.append(make("h3", {}, t("view.details")), makeFacts(full, this.#words.trim()));
    const spoken = full.segments.filter((one) => one.text && one.kind !== "name");
    const player = this.#player;
    const timeline = player && full.duration ? makeTimeline(full, player, hit.evidence.filter(isTimed)) : null;
    if (timeline) stage.append(timeline.bar);
    if (player || spoken.length > FEW) {
      side.append(makeFinder(full, (moments) => timeline?.show(moments), player ? (seconds) => { player.currentTime = seconds; player.play(); } : null));
    }
    const texts = spoken.length ? makeTexts(spoken, this.#words, player, item.type === "document" ? t("view.text") : t("view.transcript")) : "";
    // A document without a picture is read where others are looked at.
    const paper = stage.querySelector(".paper");
    (paper ?? side).append(texts);
    const keys = [t("view.keys_all"), player ? t("view.keys_play") : null, this.#picture ? t("view.keys_picture") : null,
      side.querySelector(".heat-toggle:not([hidden])") ? t("view.keys_heat") : null];
    side.append(make("p", { className: "hint keys" }, keys.filter(Boolean).join(" · ")));
  }

  #makeStage(item, start) {
    const stage = make("div", { className: "stage" });
    this.#player = this.#picture = null;
    this.#zoom = 0;
    if (item.type === "image") {
      const image = make("img", { src: pictureAddress(item), alt: nameItem(item) });
      this.#picture = image;
      const frame = drawBox(image, (crop) => this.#calls.like(item, 1, crop));
      stage.append(frame);
      stage.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && !this.#zoom && event.deltaY > 0) return;
        event.preventDefault();
        this.#zoomTo(this.#zoom + (event.deltaY < 0 ? 1 : -1));
      }, { passive: false });
    } else if (item.type === "document") {
      stage.append(item.placeholder ? make("img", { src: thumbnailAddress(item), alt: "" }) : make("div", { className: "paper", tabIndex: 0 }));
    } else {
      const player = make(item.type, { controls: true, preload: "metadata", src: mediaAddress(item) });
      player.setAttribute("aria-label", nameItem(item));
      player.addEventListener("loadedmetadata", () => { player.currentTime = start; }, { once: true });
      this.#player = player;
      stage.append(player);
    }
    return stage;
  }

  #makeSide(hit) {
    const { item } = hit;
    const side = make("div", { className: "side" });
    const tools = make("div", { className: "tools" },
      makeButton(t("part.like"), () => this.#calls.like(item, 0)),
      makeButton(t("part.unlike"), () => this.#calls.like(item, -1)),
      make("a", { href: mediaAddress(item), target: "_blank", rel: "noopener" }, t("view.open")));
    if (item.type === "image") tools.append(this.#makeHeatButton(item));
    if (item.type === "image" || item.type === "video") tools.append(makeButton(t("view.full"), () => this.#fill()));
    side.append(make("h2", { id: "viewer-title" }, item.title || nameItem(item)), make("p", { className: "path" }, item.path), tools);
    const evidence = dropRepeated(hit.evidence);
    if (evidence.length) side.append(make("h3", {}, t("view.why")), make("ul", {}, ...evidence.map((one) => this.#makeReason(one))));
    if (item.type === "image") side.append(make("p", { className: "hint" }, t("view.crop_hint")));
    if (hit.stacked?.length) side.append(this.#makeCopies(hit.stacked));
    return side;
  }

  #makeReason(one) {
    const timed = isTimed(one) && this.#player;
    const row = make(timed ? "button" : "div", { className: "moment" }, make("small", {}, explain(one)));
    row.append(markWords(one.snippet ?? "", this.#words));
    const bar = make("meter", { value: one.score });
    bar.setAttribute("aria-label", t("hit.relevance"));
    row.append(bar);
    if (timed) {
      const player = this.#player;
      row.type = "button";
      row.addEventListener("click", () => { player.currentTime = one.start; player.play(); });
    }
    return make("li", {}, row);
  }

  #makeHeatButton(item) {
    const request = makeRequest(this.#state);
    const fields = new URLSearchParams();
    if (request.text) fields.set("text", request.text);
    const likes = request.parts?.filter((part) => (part.weight ?? 1) > 0) ?? [];
    if (likes.length) fields.set("parts", JSON.stringify(likes));
    const button = makeButton(t("view.heat"), () => this.#toggleHeat(item, fields, button), { className: "heat-toggle" });
    button.setAttribute("aria-pressed", "false");
    button.hidden = !fields.size;
    return button;
  }

  async #toggleHeat(item, fields, button) {
    const frame = this.#dialog.querySelector(".croppable");
    const old = frame.querySelector(".heat");
    const isOn = !old;
    button.setAttribute("aria-pressed", String(isOn));
    button.textContent = t(isOn ? "view.hide_heat" : "view.heat");
    if (old) return old.remove();
    const canvas = make("canvas", { className: "heat" });
    frame.append(canvas);
    const { heatmap: heat } = await readHeat(item.id, fields).catch(() => ({ heatmap: [] }));
    paintHeat(canvas, heat, this.#picture, frame);
  }

  #makeCopies(ids) {
    const links = ids.map((id) => {
      const image = make("img", { src: thumbnailAddress({ id }), alt: t("view.stacked", { n: 1 }), loading: "lazy" });
      return make("a", { href: mediaAddress({ id }), target: "_blank", rel: "noopener" }, image);
    });
    return make("div", { className: "copies" }, make("h3", {}, t("view.stacked", { n: ids.length })), ...links);
  }
}

// Warm where the query is seen, drawn over the picture as large as it is shown.
function paintHeat(canvas, heat, picture, frame) {
  if (!heat.length) return canvas.remove();
  const small = new OffscreenCanvas(heat[0].length, heat.length);
  const context = small.getContext("2d");
  const image = context.createImageData(small.width, small.height);
  heat.flat().forEach((value, at) => {
    const strength = Math.max(0, (value - 0.35) / 0.65);
    image.data.set([255, Math.round(190 * (1 - strength)), 30, Math.round(190 * strength)], at * 4);
  });
  context.putImageData(image, 0, 0);
  const bounds = picture.getBoundingClientRect();
  const around = frame.getBoundingClientRect();
  canvas.width = bounds.width;
  canvas.height = bounds.height;
  Object.assign(canvas.style, { left: `${bounds.left - around.left}px`, top: `${bounds.top - around.top}px` });
  const target = canvas.getContext("2d");
  target.imageSmoothingQuality = "high";
  target.drawImage(small, 0, 0, canvas.width, canvas.height);
}
