/** The waveform of a recording. */

import { readLoudness } from "../shared/api.js";

/** @import { Item, TimedEvidence } from "../shared/types.js" */

const DEFAULT_POINTS = 120;
// Moments are drawn wider by this on both sides, so that short ones are visible.
const MARGIN_SECONDS = 0.3;

/** @type {Map<string, Promise<number[]>>} */
const cache = new Map();
/** @type {(() => void)[]} */
const waiting = [];
let isBusy = false;

/**
 * Send one request at a time, the latest first: the server measures one recording at a time, and refuses requests when
 * too many wait.
 *
 * @template T
 * @param {() => Promise<T>} request
 */
async function takeTurn(request) {
  if (isBusy) await new Promise((resolve) => waiting.push(() => resolve(null)));
  isBusy = true;
  try {
    return await request();
  } finally {
    const next = waiting.pop();
    isBusy = next !== undefined;
    next?.();
  }
}

/**
 * Return the loudness of a recording; nothing if it cannot be measured now.
 *
 * @param {number} id
 * @param {number} points
 */
export function loadPeaks(id, points) {
  const key = `${id}/${points}`;
  let peaks = cache.get(key);
  if (!peaks) {
    peaks = takeTurn(() => readLoudness(id, points)).then(
      (loudness) => loudness.peaks,
      () => {
        cache.delete(key);
        return [];
      },
    );
    cache.set(key, peaks);
  }
  return peaks;
}

/**
 * Draw the waveform of an item in the color of the canvas, and the moments in its outline color.
 *
 * @param {HTMLCanvasElement} canvas `data-points` is the number of bars
 * @param {Item} item
 * @param {TimedEvidence[]} moments
 */
export async function drawWaveform(canvas, item, moments) {
  const peaks = await loadPeaks(item.id, Number(canvas.dataset["points"] ?? DEFAULT_POINTS));
  const context = canvas.getContext("2d");
  if (!peaks.length || !context) return;
  const style = getComputedStyle(canvas);
  const { width, height } = canvas;
  const loudest = Math.max(...peaks, 0.05);
  context.clearRect(0, 0, width, height);
  peaks.forEach((peak, index) => {
    const seconds = ((index + 0.5) / peaks.length) * (item.duration ?? 0);
    const isMoment = moments.some(
      ({ start, end }) => seconds >= start - MARGIN_SECONDS && seconds <= (end ?? start) + MARGIN_SECONDS,
    );
    context.fillStyle = isMoment ? style.outlineColor : style.color;
    const barHeight = Math.max(2, (peak / loudest) * height * 0.9);
    const barWidth = Math.max(1, width / peaks.length - 1);
    context.fillRect((index / peaks.length) * width, (height - barHeight) / 2, barWidth, barHeight);
  });
}
