/** The page of albums: their covers and names, and what can be done with them. */

import { addAlbum, deleteAlbum, editAlbum, getThumbnailAddress, listAlbums } from "../shared/api.js";
import { createButton, createElement, getElement, keepFocus } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { canChangeAlbum, getAccountId, may } from "../shared/session.js";
import { locate } from "../shared/site.js";
import { reportErrors, showStatus } from "../shared/status.js";
import { describeSharing, ShareDialog } from "../search/share.js";
import { ArrangeDialog } from "./arrange.js";

/** @import { Album } from "../shared/types.js" */

/** @type {Record<string, (one: Album, other: Album) => number>} */
const ORDERS = {
  name: (one, other) => one.name.localeCompare(other.name),
  newest: (one, other) => other.created_at.localeCompare(one.created_at) || other.id - one.id,
  size: (one, other) => other.count - one.count || one.name.localeCompare(other.name),
};

/** @param {Album} album */
function createActions(album) {
  const { id, name } = album;
  /** @type {(label: string, act: () => unknown) => HTMLElement} */
  const create = (label, act) => createButton(label, reportErrors(act), { aria: { label: `${label}: ${name}` } });
  const rename = async () => {
    const wanted = prompt(t("albums.rename_to"), name)?.trim();
    if (!wanted || wanted === name) return;
    await editAlbum(id, { name: wanted });
    await showAlbums();
  };
  const remove = async () => {
    if (!confirm(t("albums.delete_sure", { name }))) return;
    await deleteAlbum(id);
    await showAlbums();
  };
  return createElement(
    "div",
    { className: "actions" },
    create(t("albums.rename"), rename),
    album.count ? create(t("albums.arrange"), () => new ArrangeDialog(album, showAlbums)) : null,
    getAccountId() ? create(t("share.button"), () => new ShareDialog(album, reportErrors(showAlbums))) : null,
    create(t("access.delete"), remove),
  );
}

/** @param {Album} album */
function createAlbumCard(album) {
  const cover = createElement("span", { className: "cover" });
  if (album.cover !== null) {
    const image = createElement("img", { src: getThumbnailAddress({ id: album.cover }), alt: "", loading: "lazy" });
    // Documents and recordings have no thumbnail.
    image.addEventListener("error", () => image.remove());
    cover.append(image);
  }
  const link = createElement(
    "a",
    { href: locate(`/?album=${album.id}`) },
    cover,
    createElement("strong", {}, album.name),
    createElement("small", {}, t("albums.items", { n: album.count })),
  );
  const sharing = createElement("small", {}, describeSharing(album, getAccountId()));
  return createElement("li", {}, link, sharing, canChangeAlbum(album) ? createActions(album) : null);
}

async function showAlbums() {
  const { albums } = await listAlbums();
  const order = ORDERS[getElement("order", HTMLSelectElement).value];
  const list = getElement("albums");
  await keepFocus(list, () => list.replaceChildren(...albums.sort(order).map(createAlbumCard)));
  showStatus(albums.length ? "" : t("albums.none"));
}

getElement("order").addEventListener("change", reportErrors(showAlbums));
if (may("edit")) {
  const create = async () => {
    const name = prompt(t("select.album_name"))?.trim();
    if (!name) return;
    await addAlbum(name);
    await showAlbums();
  };
  getElement("add-album").addEventListener("click", reportErrors(create));
}
reportErrors(showAlbums)();
