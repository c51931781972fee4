// The text of an item beside it: speech that follows the player, word by word, and can be searched.

import { formatTime, isTimed, make, markWords } from "../shared/make.js";

// Each spoken word as something to click on.
function makeWords(segment, words, player) {
  if (!segment.words?.length || !player) return [markWords(segment.text, words)];
  return segment.words.flatMap(([start, end, text]) => {
    const word = make("span", { className: "word", data: { start, end } });
    word.append(markWords(text, words));
    return [word, " "];
  });
}

function makeRow(segment, words, player) {
  const label = isTimed(segment) ? formatTime(segment.start) : segment.page ? `${segment.page}` : "";
  const timed = isTimed(segment) && player;
  const row = make("div", { className: "moment", data: timed ? { start: segment.start, end: segment.end ?? segment.start } : {} });
  const seek = timed ? make("button", { type: "button", className: "seek" }, label) : make("small", {}, label);
  row.append(seek, ...makeWords(segment, words, player));
  if (timed) {
    row.addEventListener("click", (event) => {
      if (getSelection().toString()) return;
      player.currentTime = Number(event.target.closest(".word")?.dataset.start ?? segment.start);
      player.play();
    });
  }
  return make("li", {}, row);
}

// What is being said now is marked and kept in view.
function follow(list, player) {
  const rows = [...list.querySelectorAll("[data-start].moment")];
  let current = null;
  player.addEventListener("timeupdate", () => {
    const now = player.currentTime;
    const row = rows.findLast((one) => now >= Number(one.dataset.start) - 0.05);
    const isOn = row && now < Number(row.dataset.end) + 0.3;
    if (current !== row || !isOn) current?.classList.remove("now");
    if (isOn) {
      row.classList.add("now");
      if (current !== row && !player.paused) row.scrollIntoView({ block: "nearest", behavior: "smooth" });
    }
    current = isOn ? row : null;
    for (const word of list.querySelectorAll(".word.now")) word.classList.remove("now");
    [...(current?.querySelectorAll(".word") ?? [])].findLast((word) => now >= Number(word.dataset.start) - 0.02)?.classList.add("now");
  });
}

export function makeTexts(segments, words, player, title) {
  const list = make("ul", { className: "texts" }, ...segments.map((one) => makeRow(one, words, player)));
  // Narrowed down to what is typed into the finder.
  document.getElementById("viewer").addEventListener("typed", (event) => {
    [...list.children].forEach((row, at) => { row.hidden = Boolean(event.detail) && !segments[at].text.toLowerCase().includes(event.detail); });
  });
  if (player) follow(list, player);
  return make("section", {}, make("h3", {}, title), list);
}
