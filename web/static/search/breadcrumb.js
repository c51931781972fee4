/** The folders of an item, from its source down; each searches in that folder. */

import { createElement } from "../shared/dom.js";
import { getFileName } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { locate, mayKeepQueries } from "../shared/site.js";
import { readState, writeAddress } from "./state.js";

/** @import { Item, State } from "../shared/types.js" */

/**
 * Return the paths of the folders that contain a file, from that of its source on.
 *
 * @param {string} path
 * @param {string} source
 */
export function listFolders(path, source) {
  const root = source.replace(/\/$/, "");
  if (!path.startsWith(`${root}/`)) return [];
  const names = path
    .slice(root.length + 1)
    .split("/")
    .slice(0, -1);
  return [root, ...names.map((_, index) => [root, ...names.slice(0, index + 1)].join("/"))].filter(Boolean);
}

/**
 * Return the path of an item, in which every folder is a link that searches only there.
 *
 * @param {Item} item
 * @param {State} state the query; the links keep it
 */
export function createBreadcrumb(item, state) {
  const folders = listFolders(item.path, item.source ?? "");
  if (!folders.length) return createElement("p", { className: "path" }, item.path);
  const links = folders.flatMap((path) => {
    const query = { ...(mayKeepQueries() ? state : readState("")), in: path };
    const label = t("folder.search", { name: getFileName(path) });
    const link = createElement(
      "a",
      { href: locate(writeAddress(query)), title: path, aria: { label } },
      getFileName(path),
    );
    return [link, createElement("span", { aria: { hidden: "true" } }, " › ")];
  });
  const trail = createElement("div", { className: "path", aria: { label: t("folder.path") } }, ...links);
  trail.setAttribute("role", "navigation");
  trail.append(getFileName(item.path));
  return trail;
}
