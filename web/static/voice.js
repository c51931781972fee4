// Records a spoken query until stopped, at most half a minute.

const LONGEST_MS = 30000;

export class Recorder {
  #deliver;
  #recorder = null;
  #timer = null;

  constructor(deliver) {
    this.#deliver = deliver;
  }

  get isRunning() {
    return this.#recorder !== null;
  }

  async start() {
    if (!navigator.mediaDevices) throw new Error("this address is not secure; use localhost or https");
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const chunks = [];
    const recorder = new MediaRecorder(stream);
    recorder.addEventListener("dataavailable", (event) => chunks.push(event.data));
    recorder.addEventListener("stop", () => {
      stream.getTracks().forEach((track) => track.stop());
      clearTimeout(this.#timer);
      this.#recorder = null;
      this.#deliver(new Blob(chunks, { type: recorder.mimeType }));
    });
    this.#recorder = recorder;
    recorder.start();
    this.#timer = setTimeout(() => this.stop(), LONGEST_MS);
  }

  stop() {
    this.#recorder?.stop();
  }
}
