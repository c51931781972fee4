/** The list of what is hidden, with a button to show each again. */

import { getThumbnailAddress, listHidden, unhideItems } from "../shared/api.js";
import { createButton, createElement, getElement } from "../shared/dom.js";
import { getFileName } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { may } from "../shared/session.js";
import { reportErrors } from "../shared/status.js";
import { showSummary } from "./summary.js";

/** @import { LedgerItem } from "../shared/library-types.js" */

const PAGE_SIZE = 50;

/** @type {number | null} */
let cursor = null;

/** @param {LedgerItem} item */
function createHiddenRow({ id, path }) {
  const name = getFileName(path);
  const image = createElement("img", {
    src: getThumbnailAddress({ id }),
    alt: "",
    width: 48,
    height: 48,
    loading: "lazy",
  });
  // Documents and recordings have no thumbnail.
  image.addEventListener("error", () => image.remove());
  const title = createElement("span", { className: "grow path" }, name, createElement("small", {}, path));
  const row = createElement("li", {}, image, title);
  const show = reportErrors(async () => {
    await unhideItems([id]);
    await Promise.all([showHidden(), showSummary()]);
  });
  row.append(createButton(t("hide.undo"), show, { aria: { label: `${t("hide.undo")}: ${name}` } }));
  return row;
}

/**
 * Show what is hidden to those who may show it again; the section is not shown if that is nothing.
 *
 * @param {boolean} [isNextPage] append the next page
 */
export async function showHidden(isNextPage = false) {
  if (!may("edit")) return;
  const after = isNextPage && cursor ? cursor : 0;
  const { items, next } = await listHidden(new URLSearchParams({ limit: String(PAGE_SIZE), cursor: String(after) }));
  cursor = next;
  const list = getElement("hidden-items");
  const rows = items.map(createHiddenRow);
  if (isNextPage) list.append(...rows);
  else list.replaceChildren(...rows);
  getElement("hidden-section").hidden = !list.children.length;
  getElement("hidden-more").hidden = !next;
}

/** Handle the button for the next page. */
export function bindHidden() {
  getElement("hidden-more").addEventListener(
    "click",
    reportErrors(() => showHidden(true)),
  );
}
