/** The details of an item: date, camera, size, place and others. */

import { getMediaAddress } from "../shared/api.js";
import { createElement } from "../shared/dom.js";
import { describeDate, formatLanguage, formatRating, formatTime, getFileName } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { localizeReason } from "../shared/reasons.js";
import { locate } from "../shared/site.js";
import { createTagLinks } from "./machine-tags.js";

/** @import { FullItem } from "../shared/types.js" */

/**
 * @param {number} latitude
 * @param {number} longitude
 */
function createMapLink(latitude, longitude) {
  const query = `?mlat=${latitude}&mlon=${longitude}#map=14/${latitude}/${longitude}`;
  const href = `https://www.openstreetmap.org/${query}`;
  return createElement("a", { href, target: "_blank", rel: "noopener noreferrer" }, t("view.map"));
}

/**
 * Return a list of the details of an item.
 *
 * @param {FullItem} item
 */
export function createFacts(item) {
  const list = createElement("dl", { className: "facts" });
  /** @param {string} name @param {...(Node | string)} values */
  const add = (name, ...values) => {
    const className = name === "tags" || name === "machine_tags" ? "tags" : "";
    list.append(createElement("dt", {}, t(`fact.${name}`)), createElement("dd", { className }, ...values));
  };
  /** @type {[string, string | null | undefined][]} */
  const rows = [
    ["captured_at", describeDate(item)],
    ["rating", item.rating ? formatRating(item.rating) : null],
    ["camera", item.camera],
    ["artist", item.artist],
    ["album", item.album],
    ["description", item.description],
    ["size", item.width ? `${item.width} × ${item.height}` : null],
    ["duration", item.duration ? formatTime(item.duration) : null],
    ["language", item.language ? formatLanguage(item.language) : null],
    ["remark", localizeReason(item.reason)],
  ];
  for (const [name, value] of rows) if (value) add(name, value);
  if (item.tags?.length) {
    const links = item.tags.map((tag) =>
      createElement("a", { href: locate(`/?tag=${encodeURIComponent(tag)}`), className: "chip" }, tag),
    );
    add("tags", ...links);
  }
  const recognized = createTagLinks(item);
  if (recognized.length) add("machine_tags", ...recognized);
  if (item.places?.length) {
    const links = item.places.map(({ value, name }) =>
      createElement("a", { href: locate(`/?place=${encodeURIComponent(value)}`) }, name),
    );
    add("where", ...links.flatMap((link, at) => (at ? [", ", link] : [link])));
  }
  const { latitude, longitude } = item;
  if (typeof latitude === "number" && typeof longitude === "number") {
    const place = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
    add("place", `${place} · `, createMapLink(latitude, longitude));
  }
  for (const { id, path, reason } of item.attachments ?? []) {
    const name = getFileName(path);
    const href = getMediaAddress(id);
    add(
      "attachments",
      createElement("a", { href, target: "_blank", rel: "noopener", title: localizeReason(reason) }, name),
    );
  }
  return list;
}
