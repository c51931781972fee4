/** What can be done with the item in the viewer: copy a link to it, download it, add it to an album, hide it. */

import { getMediaAddress, listAlbums } from "../shared/api.js";
import { createButton, createElement } from "../shared/dom.js";
import { getErrorMessage } from "../shared/errors.js";
import { getFileName } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { canChangeAlbum, may } from "../shared/session.js";
import { createHideButton } from "./hide.js";
import { createAlbumSelect } from "./selection.js";

/** @import { Item } from "../shared/types.js" */

/**
 * Return the controls, and the status that says what they did.
 *
 * @param {Item} item
 * @param {() => string} getLink returns the address of what is shown
 * @returns {{ controls: HTMLElement[], status: HTMLElement }}
 */
export function createActions(item, getLink) {
  const status = createElement("p", { className: "hint found" });
  status.setAttribute("role", "status");
  const copy = createButton(t("view.copy_link"), async () => {
    try {
      await navigator.clipboard.writeText(getLink());
      status.textContent = t("view.copied");
    } catch (error) {
      status.textContent = getErrorMessage(error);
    }
  });
  const name = getFileName(item.path);
  const download = createElement("a", { href: getMediaAddress(item.id), download: name }, t("select.download"));
  if (!may("edit")) return { controls: [copy, download], status };
  const albums = listAlbums().then(
    (list) => list.albums.filter(canChangeAlbum),
    () => [],
  );
  return {
    controls: [copy, download, createAlbumSelect([item.id], status, albums), createHideButton(item.id, status)],
    status,
  };
}
