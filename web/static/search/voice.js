/** Recording a spoken query. */

import { getElement } from "../shared/dom.js";
import { getErrorMessage } from "../shared/errors.js";
import { t } from "../shared/i18n.js";
import { bindVoiceLanguage } from "./voice-language.js";

/**
 * @typedef {object} RecorderOptions
 * @property {(recording: Blob) => void} onRecording
 * @property {(seconds: number, level: number) => void} onLevel called while recording; the level is from 0 to 1
 */

const MAX_DURATION_MS = 30_000;
const LEVEL_INTERVAL_MS = 100;
// The root mean square of speech is far below 1.
const LEVEL_GAIN = 6;
// A button that is pressed for longer records until it is released.
const HOLD_MS = 600;

class Recorder {
  #options;
  /** @type {MediaRecorder | null} */
  #recorder = null;
  /** @type {number | undefined} */
  #timer;

  /** @param {RecorderOptions} options */
  constructor(options) {
    this.#options = options;
  }

  get isRunning() {
    return this.#recorder !== null;
  }

  async start() {
    if (!navigator.mediaDevices) throw new Error(t("voice.insecure"));
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    /** @type {Blob[]} */
    const chunks = [];
    const recorder = new MediaRecorder(stream);
    const stopMeter = this.#startMeter(stream);
    recorder.addEventListener("dataavailable", (event) => chunks.push(event.data));
    recorder.addEventListener("stop", () => {
      stream.getTracks().forEach((track) => track.stop());
      clearTimeout(this.#timer);
      stopMeter();
      this.#recorder = null;
      this.#options.onRecording(new Blob(chunks, { type: recorder.mimeType }));
    });
    this.#recorder = recorder;
    recorder.start();
    this.#timer = window.setTimeout(() => this.stop(), MAX_DURATION_MS);
  }

  stop() {
    if (this.#recorder?.state === "recording") this.#recorder.stop();
  }

  /**
   * Report the level until the returned function is called.
   *
   * @param {MediaStream} stream
   */
  #startMeter(stream) {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const started = performance.now();
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      this.#options.onLevel((performance.now() - started) / 1000, Math.min(1, Math.sqrt(power) * LEVEL_GAIN));
    }, LEVEL_INTERVAL_MS);
    return () => {
      clearInterval(timer);
      context.close();
    };
  }
}

/**
 * Make the microphone button record. A click starts and another one stops; if the button is held down, recording stops
 * when it is released.
 *
 * @param {object} options
 * @param {(recording: Blob) => void} options.onRecording
 * @param {(text: string, isError: boolean) => void} options.showStatus
 */
export function bindVoiceButton({ onRecording, showStatus }) {
  const button = getElement("speak");
  bindVoiceLanguage();
  const recorder = new Recorder({
    onRecording: (recording) => {
      button.setAttribute("aria-pressed", "false");
      button.style.removeProperty("--level");
      onRecording(recording);
    },
    onLevel: (seconds, level) => {
      button.style.setProperty("--level", level.toFixed(2));
      showStatus(t("voice.listening", { s: seconds.toFixed(0) }), false);
    },
  });
  const start = async () => {
    if (recorder.isRunning) return;
    try {
      await recorder.start();
      button.setAttribute("aria-pressed", "true");
    } catch (error) {
      showStatus(t("voice.denied", { reason: getErrorMessage(error) }), true);
    }
  };

  let pressedAt = 0;
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || recorder.isRunning) return;
    pressedAt = performance.now();
    start();
  });
  button.addEventListener("click", (event) => {
    const isHeld = pressedAt && performance.now() - pressedAt > HOLD_MS;
    const hasStarted = pressedAt && !isHeld;
    pressedAt = 0;
    if (hasStarted) return;
    if (recorder.isRunning) recorder.stop();
    else if (!event.detail) start(); // clicked by keyboard
  });
}
