// One hit as a card: its face (thumbnail or words), its name and why it is there.

import { thumbnailAddress } from "./api.js";

const TYPE_NAMES = { image: "picture", video: "video", audio: "audio", document: "document" };

// Sound has no thumbnail, and of documents only PDFs have one.
export const hasPicture = (item) => item.type === "image" || item.type === "video" || /\.pdf$/i.test(item.path);

export const nameItem = (item) => item.path.split("/").pop();

export function formatTime(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// Text with the words of the query marked.
export function markWords(text, words) {
  const wanted = words.match(/[\p{L}\p{N}]{2,}/gu) ?? [];
  const fragment = document.createDocumentFragment();
  if (!wanted.length) {
    fragment.append(text);
    return fragment;
  }
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(${wanted.join("|")})(?![\\p{L}\\p{N}])`, "giu");
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const mark = document.createElement("mark");
    mark.textContent = match[0];
    fragment.append(text.slice(end, match.index), mark);
    end = match.index + match[0].length;
  }
  fragment.append(text.slice(end));
  return fragment;
}

export function explain(evidence) {
  const place = evidence.start !== null && evidence.start !== undefined ? ` at ${formatTime(evidence.start)}` : "";
  const page = evidence.page ? ` on page ${evidence.page}` : "";
  const kinds = { picture: "looks like it", frame: "seen", speech: "said", passage: "written", name: "in the name", ocr: "written in it" };
  return `${kinds[evidence.kind] ?? evidence.kind}${place}${page}`;
}

function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text) element.textContent = text;
  return element;
}

function makeFace(hit, words) {
  const face = make("div", "face");
  const { item } = hit;
  const moment = hit.evidence.find((one) => one.start !== null && one.start !== undefined);
  const spoken = hit.evidence.find((one) => one.snippet && one.kind !== "name");
  const quote = () => {
    const element = make("blockquote");
    element.append(spoken ? markWords(`“${spoken.snippet}”`, words) : nameItem(item));
    return element;
  };
  if (!hasPicture(item) || (item.type === "document" && spoken)) {
    face.append(spoken ? quote() : make("span", "glyph", item.type === "audio" ? "♪" : "¶"));
  } else {
    const image = make("img");
    image.src = thumbnailAddress(item, moment?.start);
    image.alt = "";
    image.loading = "lazy";
    image.addEventListener("error", () => image.replaceWith(quote()));
    face.append(image);
  }
  const time = moment ? formatTime(moment.start) : item.duration ? formatTime(item.duration) : "";
  if (hit.stacked?.length) face.append(make("span", "badge stack", `+${hit.stacked.length}`));
  if (item.type !== "image") face.append(make("span", "badge", [TYPE_NAMES[item.type], time].filter(Boolean).join(" ")));
  return face;
}

export function makeCard(hit, words, open) {
  const card = make("button", hit.relevant ? "hit" : "hit below");
  card.type = "button";
  const about = make("div", "about");
  const name = make("span", "name", hit.item.title || nameItem(hit.item));
  name.title = hit.item.path;
  about.append(name);
  if (hit.evidence.length) {
    const first = hit.evidence[0];
    const why = make("span", "why");
    why.append(explain(first));
    const hasFace = hit.item.type === "image" || hit.item.type === "video";
    if (first.snippet && hasFace) why.append(": ", markWords(first.snippet, words));
    about.append(why);
  }
  if (hit.score !== null) {
    const bar = make("meter");
    bar.value = hit.score;
    bar.setAttribute("aria-label", "relevance");
    about.append(bar);
  }
  card.append(makeFace(hit, words), about);
  card.addEventListener("click", open);
  return card;
}
