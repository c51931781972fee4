import assert from "node:assert/strict";
import { test } from "node:test";

import { namePage } from "../../web/static/shared/format.js";
import { getPictureTime } from "../../web/static/search/moment.js";
import { choosePageWidth } from "../../web/static/search/pages.js";
import { readPlace, writePlace } from "../../web/static/search/place.js";

test("the item, the moment and the page are read from an address as they were written", () => {
  const place = { id: 7, time: 12.34, page: null };
  const query = writePlace("?q=dog&type=video", place);
  assert.equal(query, "?q=dog&type=video&item=7&t=12.3");
  assert.deepEqual(readPlace(query), { id: 7, time: 12.3, page: null });
  assert.deepEqual(readPlace("?item=3&page=12"), { id: 3, time: null, page: 12 });
  assert.equal(writePlace(query, null), "?q=dog&type=video");
  assert.equal(writePlace("?item=7", null), "");
});

test("an address with another item than a number has no place", () => {
  for (const query of ["", "?item=", "?item=x", "?item=-1", "?item=1.5", "?item=99999999999999999999"]) {
    assert.equal(readPlace(query), null);
  }
  assert.deepEqual(readPlace("?item=1&t=x&page=0"), { id: 1, time: null, page: null });
});

test("the picture of speech is from its middle, not from before a cut at its start", () => {
  assert.equal(getPictureTime({ kind: "speech", start: 4, end: 7 }), 5.5);
  assert.equal(getPictureTime({ kind: "speech", start: 4, end: 60 }), 6);
  assert.equal(getPictureTime({ kind: "frame", start: 4, end: 7 }), 4);
  assert.equal(getPictureTime({ kind: "speech", start: 0, end: null }), 0);
  assert.equal(getPictureTime({ kind: "name" }), null);
});

test("a page is requested in the resolution of the screen", () => {
  assert.equal(choosePageWidth(600, 1), 640);
  assert.equal(choosePageWidth(600, 2), 1600);
  assert.equal(choosePageWidth(900, 3), 3200);
  assert.equal(choosePageWidth(3000, 3), 3200);
});

test("parts of documents have the names that people use", () => {
  globalThis.document = /** @type {any} */ ({ documentElement: { lang: "en" }, getElementById: () => null });
  assert.equal(namePage({ path: "/a.pptx" }, 3), "pages.unit.slide");
  assert.equal(namePage({ path: "/a.xlsx" }, 3), "pages.unit.sheet");
  assert.equal(namePage({ path: "/a.PDF" }, 3), "pages.unit.page");
  assert.equal(namePage({ path: "/a.epub" }, 3), "pages.unit.section");
});
