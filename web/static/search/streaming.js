/**
 * Play a recording that the browser cannot play itself: the server converts fragments of it while they are needed, and
 * Media Source Extensions join them. Nothing is converted while nobody watches.
 */

import { getFragmentAddress, readPlayback } from "../shared/api.js";
import { createElement } from "../shared/dom.js";
import { t } from "../shared/i18n.js";

/** @import { Item, Playback } from "../shared/types.js" */

const AHEAD_SECONDS = 30;
const BEHIND_SECONDS = 60;
// A position that is dragged is not loaded before it rests.
const SEEK_PAUSE_MS = 200;
// A group of pictures can begin some fragments before the position.
const MAX_STEPS_BACK = 4;

/** Safari on phones has only the managed kind. */
const Source = /** @type {typeof MediaSource | undefined} */ (
  Reflect.get(globalThis, "ManagedMediaSource") ?? globalThis.MediaSource
);

/**
 * Return whether a browser plays the file of a recording.
 *
 * @param {Playback} playback
 * @param {HTMLMediaElement} player
 */
const playsFile = (playback, player) =>
  playback.common || (playback.media_type && player.canPlayType(playback.media_type) !== "");

/**
 * Return whether a position has been loaded.
 *
 * @param {HTMLMediaElement} player
 * @param {number} seconds
 */
function isLoaded(player, seconds) {
  const { buffered } = player;
  return [...Array(buffered.length).keys()].some(
    (index) => buffered.start(index) <= seconds + 0.1 && seconds < buffered.end(index) - 0.05,
  );
}

/** Loads the fragments around the position of a player. */
class Stream {
  #item;
  #playback;
  #player;
  #notice;
  /** @type {SourceBuffer | null} */
  #buffer = null;
  /** @type {Set<number>} the fragments that were added */
  #added = new Set();
  #isLoading = false;
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {Item} item
   * @param {Playback} playback
   * @param {HTMLMediaElement} player
   * @param {HTMLElement} notice
   */
  constructor(item, playback, player, notice) {
    this.#item = item;
    this.#playback = playback;
    this.#player = player;
    this.#notice = notice;
  }

  /** @param {typeof MediaSource} kind */
  start(kind) {
    const source = new kind();
    this.#player.disableRemotePlayback = true;
    this.#player.src = URL.createObjectURL(source);
    source.addEventListener(
      "sourceopen",
      () => {
        URL.revokeObjectURL(this.#player.src);
        source.duration = this.#playback.duration;
        this.#buffer = source.addSourceBuffer(this.#playback.fragment_media_type);
        this.#buffer.timestampOffset = -this.#playback.lead;
        this.#load();
      },
      { once: true },
    );
    this.#player.addEventListener("seeking", () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#load(), SEEK_PAUSE_MS);
    });
    this.#player.addEventListener("timeupdate", () => this.#load());
  }

  /** Return the number of the next fragment that is needed; -1 if none is. */
  #choose() {
    const { fragment_seconds: length, fragments } = this.#playback;
    const current = Math.min(Math.floor(this.#player.currentTime / length), fragments - 1);
    if (!isLoaded(this.#player, this.#player.currentTime)) {
      for (let number = current; number >= Math.max(0, current - MAX_STEPS_BACK); number -= 1) {
        if (!this.#added.has(number)) return number;
      }
    }
    const last = Math.min(fragments - 1, Math.floor((this.#player.currentTime + AHEAD_SECONDS) / length));
    for (let number = current; number <= last; number += 1) if (!this.#added.has(number)) return number;
    return -1;
  }

  async #load() {
    if (this.#isLoading || !this.#buffer || !this.#player.isConnected) return;
    this.#isLoading = true;
    try {
      for (let number = this.#choose(); number >= 0 && this.#player.isConnected; number = this.#choose()) {
        const response = await fetch(getFragmentAddress(this.#item.id, number));
        if (!response.ok) throw new Error((await response.json().catch(() => null))?.detail ?? String(response.status));
        await this.#append(await response.arrayBuffer());
        this.#added.add(number);
      }
    } catch (error) {
      this.#notice.textContent = t("view.convert_failed", { reason: error instanceof Error ? error.message : "" });
      this.#player.removeAttribute("src");
      this.#buffer = null;
    }
    this.#isLoading = false;
  }

  /** @param {ArrayBuffer} body */
  async #append(body) {
    const keep = this.#player.currentTime - BEHIND_SECONDS;
    if (keep > 0 && isLoaded(this.#player, keep - 1)) {
      await this.#change((buffer) => buffer.remove(0, keep));
      const last = Math.floor(keep / this.#playback.fragment_seconds);
      for (const number of this.#added) if (number <= last) this.#added.delete(number);
    }
    await this.#change((buffer) => buffer.appendBuffer(body));
  }

  /** @param {(buffer: SourceBuffer) => void} act */
  #change(act) {
    const buffer = this.#buffer;
    return new Promise((resolve, reject) => {
      if (!buffer) return resolve(null);
      buffer.addEventListener("updateend", resolve, { once: true });
      buffer.addEventListener("error", () => reject(new Error(t("view.convert_broken"))), { once: true });
      act(buffer);
    });
  }
}

/**
 * Convert a recording if the browser does not play its file. Otherwise nothing changes.
 *
 * @param {Item} item
 * @param {HTMLMediaElement} player
 * @param {number} start in seconds
 * @param {(notice: HTMLElement) => void} show adds the message to the page
 */
export async function streamIfNeeded(item, player, start, show) {
  const playback = await readPlayback(item.id).catch(() => null);
  if (!playback || playsFile(playback, player) || !Source?.isTypeSupported(playback.fragment_media_type)) return;
  const codecs = [playback.video, playback.audio].filter(Boolean).join(", ");
  const isConverted = playback.converts_video || (!playback.video && playback.converts_audio);
  const key = isConverted ? "view.converted" : "view.remuxed";
  const notice = createElement("p", { className: "hint over", role: "status" }, t(key, { codecs }));
  show(notice);
  player.addEventListener("loadedmetadata", () => (player.currentTime = start), { once: true });
  new Stream(item, playback, player, notice).start(Source);
}
