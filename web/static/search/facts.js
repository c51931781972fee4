// What is known of an item: date, camera, size, place and the rest.

import { formatDate, formatTime, make, nameLanguage, t } from "../shared/make.js";

// words: those that are searched for, which a search of the folder keeps.
export function makeFacts(item, words) {
  const language = item.language ? nameLanguage(item.language) : null;
  const rows = [
    ["captured_at", formatDate(item.captured_at)],
    ["camera", item.camera],
    ["artist", item.artist],
    ["album", item.album],
    ["description", item.description],
    ["size", item.width ? `${item.width} × ${item.height}` : null],
    ["duration", item.duration ? formatTime(item.duration) : null],
    ["language", language],
  ].filter(([, value]) => value);
  const list = make("dl", { className: "facts" });
  for (const [name, value] of rows) list.append(make("dt", {}, t(`fact.${name}`)), make("dd", {}, value));
  if (item.tags?.length) {
    const links = item.tags.map((tag) => make("a", { href: `/?tag=${encodeURIComponent(tag)}`, className: "chip" }, tag));
    list.append(make("dt", {}, t("fact.tags")), make("dd", { className: "tags" }, ...links));
  }
  if (item.latitude !== null && item.latitude !== undefined) {
    const place = `${item.latitude.toFixed(5)}, ${item.longitude.toFixed(5)}`;
    const address = `https://www.openstreetmap.org/?mlat=${item.latitude}&mlon=${item.longitude}#map=14/${item.latitude}/${item.longitude}`;
    const link = make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, t("view.map"));
    list.append(make("dt", {}, t("fact.place")), make("dd", {}, `${place} · `, link));
  }
  const folder = item.path.split("/").slice(0, -1).join("/");
  list.append(make("dt", {}, t("fact.path")), make("dd", {},
    make("a", { href: `/?q=${encodeURIComponent(`${words} in:"${folder}"`.trim())}` }, t("view.folder"))));
  return list;
}
