/** Uploads: files that are chosen or dropped. */

import { upload } from "../shared/api.js";
import { getElement } from "../shared/dom.js";
import { listDropped, watchDrops } from "../shared/drop.js";
import { t } from "../shared/i18n.js";
import { reportErrors } from "../shared/status.js";

/** @import { NamedFile } from "../shared/types.js" */

/** @param {NamedFile[]} files */
async function uploadWithProgress(files) {
  const status = getElement("upload");
  /** @param {number} share */
  const showProgress = (share) => {
    status.textContent = t("lib.uploading", { n: files.length, percent: Math.round(share * 100) });
  };
  showProgress(0);
  try {
    await upload(files, showProgress);
  } finally {
    status.textContent = "";
  }
}

/**
 * Upload files that are chosen or dropped on the page.
 *
 * @param {() => Promise<unknown>} onUpload called after an upload
 */
export function bindUploads(onUpload) {
  const send = reportErrors(
    /** @param {NamedFile[]} files */ async (files) => {
      if (!files.length) return;
      await uploadWithProgress(files);
      await onUpload();
    },
  );
  const field = getElement("files", HTMLInputElement);
  getElement("choose").addEventListener("click", () => field.click());
  field.addEventListener("change", () => {
    send([...(field.files ?? [])].map((file) => ({ file, name: file.name })));
    field.value = "";
  });
  watchDrops(
    reportErrors(
      /** @param {DataTransfer | null} data */ async (data) => {
        if (data) await send(await listDropped(data));
      },
    ),
  );
}
