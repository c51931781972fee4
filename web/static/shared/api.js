// The server's REST interface, as far as the pages need it.

import { make, t } from "./make.js";

async function send(address, options) {
  const response = await fetch(address, options).catch(() => { throw new Error(t("error.lost")); });
  const body = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new Error(body?.detail || `${response.status} ${response.statusText}`);
  return body;
}

const sendJson = (method, address, body) =>
  send(address, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export function ask(request, voice) {
  if (!voice) return sendJson("POST", "/api/v1/search", request);
  const body = new FormData();
  body.append("request", JSON.stringify(request));
  body.append("voice", voice, "voice");
  return send("/api/v1/search", { method: "POST", body });
}

// Keeps a picture to search by; gives its id.
export async function keepPicture(blob) {
  const body = new FormData();
  body.append("image", blob, blob.name || "picture");
  return (await send("/api/v1/query-images", { method: "POST", body })).id;
}

// What somebody says of a hit; relevant null takes it back.
export const giveFeedback = (text, item, relevant) => sendJson("POST", "/api/v1/feedback", { text, item, relevant });

export const readItem = (id) => send(`/api/v1/items/${id}`);
export const listModels = () => send("/api/v1/models");
export const readStatus = () => send("/api/v1/status");
export const readFacets = (fields) => send(`/api/v1/facets?${fields}`);
export const readHeat = (id, fields) => send(`/api/v1/items/${id}/heatmap?${fields}`);
export const readOpening = (id) => send(`/api/v1/items/${id}/passages?count=1`);
export const readMoments = (id, text) => send(`/api/v1/items/${id}/moments?${new URLSearchParams({ text })}`);
export const readLoudness = (id, points) => send(`/api/v1/items/${id}/loudness?points=${points}`);

export const listLedger = (fields) => send(`/api/v1/items?${fields}`);
export const forgetItem = (id) => send(`/api/v1/items/${id}`, { method: "DELETE" });
export const listSources = () => send("/api/v1/sources");
export const addSource = (source) => sendJson("POST", "/api/v1/sources", source);
export const forgetSource = (id) => send(`/api/v1/sources/${id}`, { method: "DELETE" });
export const listJobs = () => send("/api/v1/jobs");
export const addJob = (task) => sendJson("POST", "/api/v1/jobs", task);
export const cancelJob = (id) => send(`/api/v1/jobs/${id}`, { method: "DELETE" });
export const retryJob = (id) => send(`/api/v1/jobs/${id}/retry`, { method: "POST" });

export const listSearches = () => send("/api/v1/searches");
export const saveSearch = (search) => sendJson("POST", "/api/v1/searches", search);
export const dropSearch = (id) => send(`/api/v1/searches/${id}`, { method: "DELETE" });
export const readFound = (id) => send(`/api/v1/searches/${id}/found`);
export const markSeen = (id) => sendJson("POST", `/api/v1/searches/${id}/seen`, {});
export const listAlbums = () => send("/api/v1/albums");
export const addAlbum = (name) => sendJson("POST", "/api/v1/albums", { name });
export const dropAlbum = (id) => send(`/api/v1/albums/${id}`, { method: "DELETE" });
export const changeAlbum = (id, change) => sendJson("POST", `/api/v1/albums/${id}/items`, change);

// Sends files and tells how much of them has gone; fetch cannot tell.
export function upload(files, tell) {
  return new Promise((resolve, reject) => {
    const body = new FormData();
    for (const { file, name } of files) body.append("file", file, name);
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/uploads");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) tell(event.loaded / event.total); });
    request.addEventListener("load", () => (request.status < 300 ? resolve(request.response)
      : reject(new Error(request.response?.detail || request.statusText))));
    request.addEventListener("error", () => reject(new Error(t("error.lost"))));
    request.send(body);
  });
}

// What browsers cannot show is sent as JPEG.
const SHOWN = /\.(jpe?g|jpe|jfif|png|gif|webp|avif|bmp)$/i;

export const askedAddress = (id) => `/api/v1/query-images/${id}`;
export const mediaAddress = (item) => `/api/v1/items/${item.id}/media`;
export const pictureAddress = (item) => (SHOWN.test(item.path) ? mediaAddress(item) : `/api/v1/items/${item.id}/preview`);

// Downloads the files of items as one ZIP. By a form: there can be too many ids for an address, and the browser saves
// the response to a form while it arrives.
export function downloadArchive(ids) {
  const form = make("form", { method: "post", action: "/api/v1/archive", hidden: true },
    make("input", { type: "hidden", name: "ids", value: ids.join(",") }));
  document.body.append(form);
  form.submit();
  form.remove();
}

// Of a film, the frame at a moment.
export const thumbnailAddress = (item, at = null) =>
  `/api/v1/items/${item.id}/thumbnail${item.type === "video" && at !== null ? `?at=${at}` : ""}`;
