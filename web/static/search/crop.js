// Drawing a box on a picture, to search by what is in it. Pointer or touch; with keys, the whole picture is searched.

import { t } from "../shared/make.js";

const LEAST = 0.03;

const share = (value, start, length) => Math.min(Math.max((value - start) / length, 0), 1);

// Lets a box be drawn on `image`; calls `chosen([left, top, width, height])` with shares of the picture.
export function drawBox(image, chosen) {
  const frame = document.createElement("div");
  frame.className = "croppable";
  frame.title = t("view.crop_hint");
  const box = document.createElement("div");
  box.className = "cropbox";
  box.hidden = true;
  image.draggable = false;
  frame.append(image, box);
  let from = null;

  const read = (event) => {
    const bounds = image.getBoundingClientRect();
    return [share(event.clientX, bounds.left, bounds.width), share(event.clientY, bounds.top, bounds.height)];
  };
  const measure = (to) => [
    Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]),
  ];
  const place = ([left, top, width, height]) => {
    const bounds = image.getBoundingClientRect();
    const around = frame.getBoundingClientRect();
    box.hidden = false;
    box.style.left = `${bounds.left - around.left + left * bounds.width}px`;
    box.style.top = `${bounds.top - around.top + top * bounds.height}px`;
    box.style.width = `${width * bounds.width}px`;
    box.style.height = `${height * bounds.height}px`;
  };

  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    from = read(event);
    frame.setPointerCapture(event.pointerId);
  });
  frame.addEventListener("pointermove", (event) => { if (from) place(measure(read(event))); });
  frame.addEventListener("pointercancel", () => { from = null; box.hidden = true; });
  frame.addEventListener("pointerup", (event) => {
    if (!from) return;
    const drawn = measure(read(event));
    from = null;
    if (drawn[2] < LEAST || drawn[3] < LEAST) box.hidden = true;
    else chosen(drawn.map((value) => Number(value.toFixed(4))));
  });
  return frame;
}
