import assert from "node:assert/strict";
import { test } from "node:test";

import { listFolders } from "../../web/static/search/breadcrumb.js";
import { readExample } from "../../web/static/search/examples.js";
import { arrange } from "../../web/static/search/grouping.js";
import { readState } from "../../web/static/search/state.js";
import { applySuggestion } from "../../web/static/search/suggestions.js";

test("the folders of an item begin with its source", () => {
  assert.deepEqual(listFolders("/m/photos/a/b/c.jpg", "/m/photos"), ["/m/photos", "/m/photos/a", "/m/photos/a/b"]);
  assert.deepEqual(listFolders("/m/photos/c.jpg", "/m/photos/"), ["/m/photos"]);
  assert.deepEqual(listFolders("c.jpg", "/m/photos"), []);
});

test("a suggestion becomes a filter and takes what was typed out of the text", () => {
  const state = readState("?tag=sea");
  const camera = { typed: "can", filter: "camera", value: "Canon R5", label: "Canon R5" };
  assert.deepEqual(applySuggestion("a dog Can", camera, state), { text: "a dog", changes: { camera: "Canon R5" } });
  const tag = { typed: "be", filter: "tags", value: "beach", label: "beach" };
  assert.deepEqual(applySuggestion("be", tag, state), { text: "", changes: { tag: ["sea", "beach"] } });
  const folder = { typed: "fam", filter: "path", value: "/m/Family", label: "Family" };
  assert.deepEqual(applySuggestion("fam", folder, state), { text: "", changes: { in: "/m/Family" } });
});

test("a suggestion without a field on the page becomes text", () => {
  const state = readState("");
  const file = { typed: "let", filter: null, value: "letter 1.txt", label: "letter 1.txt" };
  assert.deepEqual(applySuggestion("let", file, state), { text: '"letter 1.txt"', changes: {} });
  const album = { typed: "kind", filter: "album", value: "Kind of Blue", label: "Kind of Blue" };
  assert.deepEqual(applySuggestion("jazz kind", album, state), { text: 'jazz album:"Kind of Blue"', changes: {} });
});

test("results of a folder follow each other, and the best result stays first", () => {
  const hits = /** @type {any[]} */ (["/a/1", "/b/2", "/a/3"].map((path) => ({ item: { path }, tier: "relevant" })));
  /** @param {string} group */
  const paths = (group) => arrange(hits, group).map((hit) => hit.item.path);
  assert.deepEqual(paths("folder"), ["/a/1", "/a/3", "/b/2"]);
  assert.deepEqual(paths("day"), ["/a/1", "/b/2", "/a/3"]);
});

test("an example sets the filters of the page", () => {
  const { text, changes } = readExample({ kind: "month", label: "2024-05", request: { after: "2024-05" } });
  assert.equal(text, "");
  assert.equal(changes.after, "2024-05");
  assert.deepEqual(changes.tag, []);
});
