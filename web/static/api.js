// The server's REST interface, as far as the page needs it.

async function read(response) {
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Error(body?.detail || `the server answered ${response.status}`);
  return body;
}

export async function ask(request, pictures, voice) {
  if (!pictures.length && !voice) {
    const headers = { "Content-Type": "application/json" };
    return read(await fetch("/api/v1/search", { method: "POST", headers, body: JSON.stringify(request) }));
  }
  const body = new FormData();
  body.append("request", JSON.stringify(request));
  pictures.forEach((picture) => body.append("image", picture, picture.name || "picture"));
  if (voice) body.append("voice", voice, "voice");
  return read(await fetch("/api/v1/search", { method: "POST", body }));
}

export async function listItems() {
  return read(await fetch("/api/v1/items?state=indexed&limit=60"));
}

export async function readItem(id) {
  return read(await fetch(`/api/v1/items/${id}`));
}

export async function readStatus() {
  return read(await fetch("/api/v1/status"));
}

export const mediaAddress = (item) => `/api/v1/items/${item.id}/media`;
// Of a film, the frame at a moment.
export const thumbnailAddress = (item, at = null) =>
  `/api/v1/items/${item.id}/thumbnail${item.type === "video" && at !== null ? `?at=${at}` : ""}`;
