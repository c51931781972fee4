/** The REST interface of the server, as far as the pages need it. */

import { t } from "./i18n.js";
import { addFormToken, describeProblem, FORM_TOKEN_HEADER, getFormToken, handleSignedOut } from "./session.js";
import { locate } from "./site.js";

/**
 * @import { Job, JobRequest, LedgerItem, Model, Source, Space } from "./library-types.js"
 * @import {
 *   Album, Answer, Evidence, Example, Facets, Folder, FullItem, Item, MapCluster, NamedFile, PageOutline, Playback,
 *   SavedSearch, SearchRequest, Segment, Suggestion,
 * } from "./types.js"
 */

// The server completes no longer texts.
const MAX_TYPED = 200;

/**
 * Send a request and return the decoded JSON document. If the session has ended, the browser goes to the page to sign
 * in.
 *
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
export async function send(path, options) {
  const response = await fetch(locate(path), addFormToken(options)).catch(() => {
    throw new Error(t("error.lost"));
  });
  const body = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) {
    handleSignedOut(response.status, path);
    throw new Error(describeProblem(body) || `${response.status} ${response.statusText}`);
  }
  return body;
}

/**
 * @param {string} method
 * @param {string} address
 * @param {unknown} body
 */
export const sendJson = (method, address, body) =>
  send(address, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/**
 * Search, by voice if there is a recording.
 *
 * @param {SearchRequest} request
 * @param {Blob | null} [voice]
 * @returns {Promise<Answer>}
 */
export function search(request, voice) {
  if (!voice) return sendJson("POST", "/api/v1/search", request);
  const body = new FormData();
  body.append("request", JSON.stringify(request));
  body.append("voice", voice, "voice");
  return send("/api/v1/search", { method: "POST", body });
}

/**
 * Upload an image to search by and return its id.
 *
 * @param {Blob} blob
 * @returns {Promise<string>}
 */
export async function uploadQueryImage(blob) {
  const body = new FormData();
  body.append("image", blob, (blob instanceof File && blob.name) || "image");
  return (await send("/api/v1/query-images", { method: "POST", body })).id;
}

/**
 * Store whether an item is relevant for a text; `null` removes what was stored.
 *
 * @param {string} text
 * @param {number} item
 * @param {boolean | null} relevant
 */
export const sendFeedback = (text, item, relevant) => sendJson("POST", "/api/v1/feedback", { text, item, relevant });

/** @type {(id: number) => Promise<FullItem>} */
export const readItem = (id) => send(`/api/v1/items/${id}`);

/** @type {() => Promise<{ spaces: Space[], models: Model[], speech: string }>} */
export const listModels = () => send("/api/v1/models");

/** @type {() => Promise<{ items: Record<string, Record<string, number>> }>} numbers of items by type and state */
export const readStatus = () => send("/api/v1/status");

/** @type {(request: Partial<SearchRequest>, facets: string[]) => Promise<Facets>} all facets if the list is empty */
export const readFacets = (request, facets) => sendJson("POST", "/api/v1/facets", { ...request, facets });

/** @type {(request: SearchRequest) => Promise<{ folders: Folder[], total: number }>} the folders in that of the request */
export const readFolders = (request) => sendJson("POST", "/api/v1/folders", request);

/** @type {(text: string) => Promise<Suggestion[]>} */
export const readSuggestions = async (text) =>
  (await send(`/api/v1/suggestions?${new URLSearchParams({ text: text.slice(-MAX_TYPED) })}`)).suggestions;

/** @type {() => Promise<Example[]>} */
export const readExamples = async () => (await send("/api/v1/examples")).examples;

/** @type {() => Promise<{ tags: { name: string, names: Record<string, string> }[] }>} */
export const listMachineTags = () => send("/api/v1/machine-tags");

/** @type {(fields: URLSearchParams) => Promise<{ total: number, clusters: MapCluster[] }>} */
export const readMap = (fields) => send(`/api/v1/map?${fields}`);

/** @type {(id: number, fields: URLSearchParams) => Promise<{ heatmap: number[][] }>} rows of values from 0 to 1 */
export const readHeatmap = (id, fields) => send(`/api/v1/items/${id}/heatmap?${fields}`);

/** @type {(id: number) => Promise<{ segments: Segment[] }>} */
export const readFirstPassage = (id) => send(`/api/v1/items/${id}/passages?limit=1`);

/** @type {(id: number, text: string) => Promise<{ moments: Evidence[] }>} */
export const readMoments = (id, text) => send(`/api/v1/items/${id}/moments?${new URLSearchParams({ text })}`);

/** @type {(id: number, page: number, text: string) => Promise<PageOutline>} a page of a document */
export const readPage = (id, page, text) =>
  send(`/api/v1/items/${id}/pages/${page}?${new URLSearchParams({ text: text.slice(0, MAX_PAGE_TEXT) })}`);

/** @type {(id: number, segment: number, text: string) => Promise<PageOutline>} the page that a passage is on */
export const readPageOfSegment = (id, segment, text) => {
  const fields = new URLSearchParams({ segment: String(segment), text: text.slice(0, MAX_PAGE_TEXT) });
  return send(`/api/v1/items/${id}/pages?${fields}`);
};

/** @type {(id: number, points: number) => Promise<{ peaks: number[] }>} */
export const readLoudness = (id, points) => send(`/api/v1/items/${id}/loudness?points=${points}`);

/** @type {(fields: URLSearchParams) => Promise<{ items: LedgerItem[], next: string | null }>} */
export const listLedger = (fields) => send(`/api/v1/items?${fields}`);

/** @type {(id: number) => Promise<void>} */
export const forgetItem = (id) => send(`/api/v1/items/${id}`, { method: "DELETE" });

/** @type {() => Promise<{ sources: Source[] }>} */
export const listSources = () => send("/api/v1/sources");

/** @type {(source: { path: string, watched: boolean }) => Promise<unknown>} */
export const addSource = (source) => sendJson("POST", "/api/v1/sources", source);

/** @type {(id: number, change: { exclude: string[], hidden: boolean }) => Promise<Source>} */
export const changeSource = (id, change) => sendJson("PATCH", `/api/v1/sources/${id}`, change);

/** @type {(id: number) => Promise<void>} */
export const forgetSource = (id) => send(`/api/v1/sources/${id}`, { method: "DELETE" });

/** @type {() => Promise<{ jobs: Job[] }>} newest first */
export const listJobs = () => send("/api/v1/jobs");

/** @type {(request: JobRequest) => Promise<unknown>} */
export const addJob = (request) => sendJson("POST", "/api/v1/jobs", request);

/** @type {(id: number) => Promise<unknown>} */
export const cancelJob = (id) => send(`/api/v1/jobs/${id}`, { method: "DELETE" });

/** @type {(id: number) => Promise<unknown>} */
export const retryJob = (id) => send(`/api/v1/jobs/${id}/retry`, { method: "POST" });

/** @type {() => Promise<{ searches: SavedSearch[] }>} */
export const listSearches = () => send("/api/v1/searches");

/**
 * @typedef {object} NewSearch
 * @property {string} name
 * @property {SearchRequest} request
 * @property {string} address
 * @property {boolean} watched
 * @property {string | null} webhook
 */

/** @type {(newSearch: NewSearch) => Promise<{ webhook_secret: string | null }>} the secret is sent only once */
export const saveSearch = (newSearch) => sendJson("POST", "/api/v1/searches", newSearch);

/** @type {(id: number) => Promise<void>} */
export const deleteSearch = (id) => send(`/api/v1/searches/${id}`, { method: "DELETE" });

/** @type {(id: number) => Promise<{ items: (Item & { score: number })[] }>} */
export const readNewMatches = (id) => send(`/api/v1/searches/${id}/matches`);

/** @type {(id: number) => Promise<unknown>} */
export const markSeen = (id) => sendJson("POST", `/api/v1/searches/${id}/seen`, {});

/** @type {() => Promise<{ albums: Album[] }>} */
export const listAlbums = () => send("/api/v1/albums");

/** @type {(name: string) => Promise<Album>} */
export const addAlbum = (name) => sendJson("POST", "/api/v1/albums", { name });

/** @type {(id: number, change: { name?: string, cover?: number | null }) => Promise<Album>} */
export const editAlbum = (id, change) => sendJson("PATCH", `/api/v1/albums/${id}`, change);

/** @type {(id: number, items: number[]) => Promise<Album>} the items in order; without any, the newest are first */
export const orderAlbum = (id, items) => sendJson("PUT", `/api/v1/albums/${id}/order`, { items });

/** @type {(ids: number[]) => Promise<{ items: number[] }>} returns all items that were hidden, with copies */
export const hideItems = (ids) => sendJson("POST", "/api/v1/hidden", { items: ids });

/** @type {(ids: number[]) => Promise<{ items: number[] }>} */
export const unhideItems = (ids) => sendJson("POST", "/api/v1/hidden/undo", { items: ids });

/** @type {(fields: URLSearchParams) => Promise<{ items: LedgerItem[], next: number | null }>} */
export const listHidden = (fields) => send(`/api/v1/hidden?${fields}`);

/** @type {(request: object) => Promise<Item[]>} returns the items of the first page of an answer */
export const searchItems = async (request) =>
  (await sendJson("POST", "/api/v1/search", request)).hits.map((/** @type {{ item: Item }} */ { item }) => item);

/** @type {(id: number) => Promise<void>} */
export const deleteAlbum = (id) => send(`/api/v1/albums/${id}`, { method: "DELETE" });

/** @type {(id: number | string, change: { add?: number[], remove?: number[] }) => Promise<Album>} */
export const changeAlbum = (id, change) => sendJson("POST", `/api/v1/albums/${id}/items`, change);

/**
 * Upload files. Uses XMLHttpRequest, since `fetch` reports no progress of uploads.
 *
 * @param {NamedFile[]} files
 * @param {(share: number) => void} onProgress called with the share that is sent, 0 to 1
 * @returns {Promise<unknown>}
 */
export function upload(files, onProgress) {
  return new Promise((resolve, reject) => {
    const body = new FormData();
    for (const { file, name } of files) body.append("file", file, name);
    const request = new XMLHttpRequest();
    request.open("POST", locate("/api/v1/uploads"));
    request.responseType = "json";
    request.setRequestHeader(FORM_TOKEN_HEADER, getFormToken());
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status < 300) return resolve(request.response);
      handleSignedOut(request.status, "/api/v1/uploads");
      reject(new Error(describeProblem(request.response) || request.statusText));
    });
    request.addEventListener("error", () => reject(new Error(t("error.lost"))));
    request.send(body);
  });
}

// The widths in which pages of a document can be requested, in pixels, and the longest text to find on a page.
export const PAGE_WIDTHS = [640, 1024, 1600, 2400, 3200];
const MAX_PAGE_TEXT = 2000;

// Formats that browsers show. The preview of any other image is a JPEG.
const BROWSER_IMAGES = /\.(jpe?g|jpe|jfif|png|gif|webp|avif|bmp)$/i;

/** @type {(id: string) => string} */
export const getQueryImageAddress = (id) => locate(`/api/v1/query-images/${id}`);

/** @type {(id: number) => string} */
export const getMediaAddress = (id) => locate(`/api/v1/items/${id}/media`);

/**
 * Return the address of the transcript of a recording as a file of subtitles.
 *
 * @param {number} id
 * @param {"vtt" | "srt"} format
 * @param {string | null | undefined} language
 */
export const getSubtitlesAddress = (id, format, language) =>
  locate(
    `/api/v1/items/${id}/transcript?format=${format}${language ? `&language=${encodeURIComponent(language)}` : ""}`,
  );

/** @type {(id: number, start: number, end: number) => string} */
export const getClipAddress = (id, start, end) => locate(`/api/v1/items/${id}/clip?start=${start}&end=${end}`);

/** @type {(id: number) => Promise<Playback>} */
export const readPlayback = (id) => send(`/api/v1/items/${id}/playback`);

/** @type {(id: number, number: number) => string} */
export const getFragmentAddress = (id, number) => locate(`/api/v1/items/${id}/playback/${number}`);

/** @type {(item: Item) => string} */
export const getImageAddress = (item) =>
  BROWSER_IMAGES.test(item.path) ? getMediaAddress(item.id) : locate(`/api/v1/items/${item.id}/preview`);

/** @type {(id: number, page: number, width: number) => string} `width` is one of `PAGE_WIDTHS` */
export const getPageAddress = (id, page, width) => locate(`/api/v1/items/${id}/pages/${page}/image?width=${width}`);

/** Takes a form with the field `items`: the ids of items, separated by commas. */
export const getArchiveAddress = () => locate("/api/v1/archive");

/** @type {(id: number) => string} */
export const getJobEventsAddress = (id) => locate(`/api/v1/jobs/${id}/events`);

/**
 * Return the address of a thumbnail; for a video, of the frame at a time in seconds.
 *
 * @param {{ id: number, type?: string }} item
 * @param {number | null} [time]
 */
export const getThumbnailAddress = (item, time = null) =>
  locate(`/api/v1/items/${item.id}/thumbnail${item.type === "video" && time !== null ? `?at=${time}` : ""}`);
