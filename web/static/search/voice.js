// Records a spoken query until stopped, at most half a minute, and tells how loud it is meanwhile.

import { t } from "../shared/make.js";

const LONGEST_MS = 30000;

export class Recorder {
  #deliver;
  #tell;
  #recorder = null;
  #timer = null;

  // deliver(blob): what was said; tell(seconds, level): while it is said, level 0 to 1.
  constructor(deliver, tell) {
    this.#deliver = deliver;
    this.#tell = tell;
  }

  get isRunning() {
    return this.#recorder !== null;
  }

  async start() {
    if (!navigator.mediaDevices) throw new Error(t("voice.insecure"));
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const chunks = [];
    const recorder = new MediaRecorder(stream);
    const stopMeter = this.#watch(stream);
    recorder.addEventListener("dataavailable", (event) => chunks.push(event.data));
    recorder.addEventListener("stop", () => {
      stream.getTracks().forEach((track) => track.stop());
      clearTimeout(this.#timer);
      stopMeter();
      this.#recorder = null;
      this.#deliver(new Blob(chunks, { type: recorder.mimeType }));
    });
    this.#recorder = recorder;
    recorder.start();
    this.#timer = setTimeout(() => this.stop(), LONGEST_MS);
  }

  stop() {
    if (this.#recorder?.state === "recording") this.#recorder.stop();
  }

  #watch(stream) {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const began = performance.now();
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
      this.#tell((performance.now() - began) / 1000, Math.min(1, Math.sqrt(power) * 6));
    }, 100);
    return () => { clearInterval(timer); context.close(); };
  }
}
