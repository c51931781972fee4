// One hit as a card: its face (thumbnail, moving moment, waveform or words), its name and why it is there.

import { mediaAddress, readLoudness, readOpening, thumbnailAddress } from "../shared/api.js";
import { explain, formatDate, formatTime, isTimed, make, makeSign, markWords, nameItem, t } from "../shared/make.js";

// How long the pointer rests on a film before it moves, in milliseconds.
const REST = 250;
const POINTS = 120;
const loudness = new Map();

// Sound has a picture when it has a cover, documents when they are drawn.
const hasPicture = (item) => item.type === "image" || item.type === "video" || Boolean(item.placeholder);

export function ratioOf({ item }) {
  if (item.type === "document") return hasPicture(item) ? 0.75 : 1.5;
  if (!item.width || !item.height) return 1.5;
  return Math.min(Math.max(item.width / item.height, 0.6), 2.6);
}

function makeQuote(spoken, words, item) {
  const quote = make("blockquote");
  quote.append(spoken ? markWords(`“${spoken.snippet}”`, words) : nameItem(item));
  return quote;
}

export async function drawWave(canvas, item, marks) {
  const key = `${item.id}/${canvas.dataset.points ?? POINTS}`;
  if (!loudness.has(key)) loudness.set(key, readLoudness(item.id, canvas.dataset.points ?? POINTS).then((one) => one.peaks, () => []));
  const peaks = await loudness.get(key);
  if (!peaks.length) return;
  const context = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const { width, height } = canvas;
  const top = Math.max(...peaks, 0.05);
  context.clearRect(0, 0, width, height);
  peaks.forEach((peak, at) => {
    const seconds = ((at + 0.5) / peaks.length) * item.duration;
    const isMarked = marks.some((one) => seconds >= one.start - 0.3 && seconds <= (one.end ?? one.start) + 0.3);
    context.fillStyle = isMarked ? style.outlineColor : style.color;
    const tall = Math.max(2, (peak / top) * height * 0.9);
    context.fillRect((at / peaks.length) * width, (height - tall) / 2, Math.max(1, width / peaks.length - 1), tall);
  });
}

function makeSound(item, spoken, words, moments) {
  const canvas = make("canvas", { className: "wave", width: 480, height: 96 });
  canvas.setAttribute("aria-hidden", "true");
  drawWave(canvas, item, moments);
  const face = make("div", { className: "sound" }, canvas);
  if (spoken) face.append(makeQuote(spoken, words, item));
  return face;
}

// How a document begins.
function makeOpening(item) {
  const quote = make("blockquote", { className: "opening" });
  readOpening(item.id).then(({ segments }) => quote.append(segments[0]?.text ?? nameItem(item)), () => quote.append(nameItem(item)));
  return quote;
}

function makeImage(item, moment, width, instead) {
  const image = make("img", { alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("load", () => image.classList.add("there"), { once: true });
  image.addEventListener("error", () => image.replaceWith(instead()), { once: true });
  if (item.type !== "video" || !moment) {
    image.srcset = [128, 256].map((size) => `${thumbnailAddress(item)}?size=${size} ${size}w`).join(", ") + `, ${thumbnailAddress(item)} 512w`;
    image.sizes = `${Math.round(width)}px`;
  }
  image.src = thumbnailAddress(item, moment?.start ?? null);
  return image;
}

// A film moves from the moment found while the pointer rests on it.
function letMove(face, item, start) {
  let timer = null;
  let film = null;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  face.addEventListener("pointerenter", (event) => {
    if (event.pointerType === "touch" || still.matches) return;
    timer = setTimeout(() => {
      film = make("video", { muted: true, loop: true, playsInline: true, preload: "auto", src: `${mediaAddress(item)}#t=${start}` });
      film.setAttribute("aria-hidden", "true");
      film.tabIndex = -1;
      film.addEventListener("playing", () => film?.classList.add("there"), { once: true });
      face.append(film);
      film.play().catch(() => {});
    }, REST);
  });
  face.addEventListener("pointerleave", () => {
    clearTimeout(timer);
    if (film) { film.removeAttribute("src"); film.load(); film.remove(); film = null; }
  });
}

// Until the picture is there: what it looks like from afar.
function paintPlaceholder(face, placeholder) {
  const canvas = make("canvas", { className: "blur", width: 4, height: 3 });
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d");
  const image = context.createImageData(4, 3);
  for (let at = 0; at < 12; at += 1) {
    const colour = Number.parseInt(placeholder.slice(at * 6, at * 6 + 6), 16);
    image.data.set([colour >> 16, (colour >> 8) & 255, colour & 255, 255], at * 4);
  }
  context.putImageData(image, 0, 0);
  face.prepend(canvas);
}

function makeFace(hit, words, width) {
  const { item } = hit;
  const face = make("div", { className: "face" });
  const moments = hit.evidence.filter(isTimed);
  const moment = moments[0];
  const spoken = hit.evidence.find((one) => one.snippet && one.kind !== "name");
  if (item.type === "audio" && (!hasPicture(item) || spoken)) {
    face.append(makeSound(item, spoken, words, moments));
  } else if (item.type === "document" && !hasPicture(item)) {
    face.append(spoken ? makeQuote(spoken, words, item) : makeOpening(item));
  } else {
    face.append(makeImage(item, moment, width, () => makeQuote(spoken, words, item)));
    if (item.placeholder) paintPlaceholder(face, item.placeholder);
    if (item.type === "document" && spoken) face.append(makeQuote(spoken, words, item));
  }
  if (item.type === "video") letMove(face, item, moment?.start ?? 0);
  const time = moment ? formatTime(moment.start) : item.duration ? formatTime(item.duration) : "";
  if (hit.stacked?.length) {
    const stack = make("span", { className: "badge stack", title: t("hit.stacked", { n: hit.stacked.length }) }, `+${hit.stacked.length}`);
    face.append(stack);
  }
  if (item.type !== "image") face.append(make("span", { className: "badge" }, [t(`kind.${item.type}`), time].filter(Boolean).join(" ")));
  return face;
}

function makeAbout(hit, words) {
  const { item } = hit;
  const about = make("div", { className: "about" });
  const name = make("span", { className: "name", title: item.path }, item.title || nameItem(item));
  about.append(name);
  const first = hit.evidence[0];
  if (!first) {
    about.append(make("span", { className: "why" }, formatDate(item.captured_at) || item.path.split("/").slice(-2, -1)[0]));
    return about;
  }
  const why = make("span", { className: "why" }, explain(first));
  if (first.snippet && (item.type === "image" || item.type === "video")) why.append(": ", markWords(first.snippet, words));
  about.append(why);
  const bar = make("meter", { value: hit.score });
  bar.setAttribute("aria-label", t("hit.relevance"));
  about.append(bar);
  return about;
}

// width: in pixels; acts: open(), select(event), like(weight); isSelected: whether it is.
export function makeCard(hit, words, isSelected, width, acts) {
  const card = make("div", { className: `hit${isSelected ? " selected" : ""}` });
  card.setAttribute("role", "listitem");
  const open = make("button", { type: "button", className: "open" }, makeFace(hit, words, width), makeAbout(hit, words));
  open.addEventListener("click", (event) => {
    if (event.shiftKey || event.ctrlKey || event.metaKey) acts.select(event);
    else acts.open();
  });
  open.setAttribute("aria-keyshortcuts", "X + -");
  open.title = t("hit.keys");
  open.addEventListener("keydown", (event) => {
    const act = { x: () => acts.select(event), "+": () => acts.like(1), "-": () => acts.like(-1) }[event.key.toLowerCase()];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  // One stop for a card: what its buttons do, keys do as well.
  const select = makeSign("✓", `${t("hit.select")}: ${nameItem(hit.item)}`, acts.select, { className: "select", tabIndex: -1 });
  select.setAttribute("aria-pressed", isSelected);
  const tools = make("div", { className: "acts" },
    makeSign("+", t("part.like"), () => acts.like(1), { tabIndex: -1 }),
    makeSign("−", t("part.unlike"), () => acts.like(-1), { tabIndex: -1 }));
  card.append(open, select, tools);
  return card;
}
