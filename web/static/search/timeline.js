// The length of a recording with what was found on it; a click goes there. show(moments): others, or null for the first.

import { drawWave } from "./card.js";
import { formatTime, isTimed, make, t } from "../shared/make.js";

// One moment may be found in several ways.
const dropSame = (found) => [...new Map(found.map((one) => [one.start, one])).values()];

export function makeTimeline(item, player, moments) {
  const canvas = make("canvas", { className: "wave", width: 960, height: 64, data: { points: 320 } });
  const hand = make("div", { className: "hand" });
  const marks = make("div", { className: "marks" });
  const bar = make("div", { className: "timeline", title: t("view.timeline") }, canvas, marks, hand);
  const show = (found) => marks.replaceChildren(...dropSame(found.filter(isTimed)).map((one) => {
    const mark = make("button", { type: "button", className: "mark", title: formatTime(one.start) });
    mark.setAttribute("aria-label", formatTime(one.start));
    mark.style.left = `${(one.start / item.duration) * 100}%`;
    mark.addEventListener("click", (event) => { event.stopPropagation(); player.currentTime = one.start; player.play(); });
    return mark;
  }));
  show(moments);
  drawWave(canvas, item, moments);
  bar.addEventListener("click", (event) => {
    const bounds = bar.getBoundingClientRect();
    player.currentTime = ((event.clientX - bounds.left) / bounds.width) * item.duration;
  });
  player.addEventListener("timeupdate", () => { hand.style.left = `${(player.currentTime / item.duration) * 100}%`; });
  return { bar, show: (found) => show(found ?? moments) };
}
