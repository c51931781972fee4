import assert from "node:assert/strict";
import { test } from "node:test";

import {
  formatDate,
  formatLanguage,
  formatTime,
  getFileName,
  getFolder,
  getLocalTime,
  isTimed,
  splitAtMatches,
  toLocalTime,
} from "../../web/static/shared/format.js";

test("times have hours only if needed", () => {
  assert.equal(formatTime(0), "0:00");
  assert.equal(formatTime(65.9), "1:05");
  assert.equal(formatTime(3600), "1:00:00");
  assert.equal(formatTime(36125), "10:02:05");
});

test("dates at midnight have no time", () => {
  assert.equal(formatDate("2024-05-06T00:00:00", "en-US"), "May 6, 2024");
  assert.match(formatDate("2024-05-06T13:45:00", "en-US"), /^May 6, 2024, 1:45\sPM$/);
  assert.equal(formatDate(null, "en-US"), "");
});

test("captured times are those of the place, or of the browser if only UTC is known", () => {
  assert.equal(toLocalTime("2024-05-01T12:11:12+02:00"), "2024-05-01T12:11:12");
  assert.equal(toLocalTime("2024-05-01T12:11:12-09:30"), "2024-05-01T12:11:12");
  assert.equal(toLocalTime("2024-05-01T12:11:12"), "2024-05-01T12:11:12");
  const inBrowser = new Date(toLocalTime("2024-05-01T10:11:12Z") ?? "");
  assert.equal(inBrowser.getTime(), Date.UTC(2024, 4, 1, 10, 11, 12));
  assert.equal(toLocalTime(null), undefined);
});

test("an item without a date has that of its file", () => {
  /** @type {import("../../web/static/shared/types.js").Item} */
  const item = { id: 1, type: "document", path: "/a.txt", modified_at: "2024-05-01T10:11:12Z" };
  assert.equal(new Date(getLocalTime(item) ?? "").getTime(), Date.UTC(2024, 4, 1, 10, 11, 12));
  assert.equal(getLocalTime({ ...item, captured_at: "2019-05-01T00:00:00" }), "2019-05-01T00:00:00");
});

test("languages have names in the language of the page", () => {
  assert.equal(formatLanguage("de", "en"), "German");
  assert.equal(formatLanguage("de", "zh"), "德语");
});

test("paths are split into folder and name", () => {
  assert.equal(getFileName("/media/trips/a dog.jpg"), "a dog.jpg");
  assert.equal(getFileName("dog.jpg"), "dog.jpg");
  assert.equal(getFolder("/media/trips/a dog.jpg"), "/media/trips");
});

test("a start of zero is a position", () => {
  assert.equal(isTimed({ start: 0 }), true);
  assert.equal(isTimed({ start: null }), false);
  assert.equal(isTimed({}), false);
});

/** @param {string} text @param {string} query */
const mark = (text, query) =>
  splitAtMatches(text, query)
    .map((piece) => (piece.isMatch ? `[${piece.text}]` : piece.text))
    .join("");

test("whole words of the query match in any case", () => {
  assert.equal(mark("The Dog and a hotdog, dog.", "dog"), "The [Dog] and a hotdog, [dog].");
  assert.equal(mark("Straße im Été", "été straße"), "[Straße] im [Été]");
});

test("short words do not match, numbers do", () => {
  assert.equal(mark("a dog of 7", "of a 7"), "a dog of [7]");
});

test("without words the text stays whole", () => {
  assert.deepEqual(splitAtMatches("text", ""), [{ text: "text", isMatch: false }]);
  assert.deepEqual(splitAtMatches("", "dog"), []);
});

test("characters with a meaning in patterns do no harm", () => {
  assert.equal(mark("cost (in dollars)", "(dollars) .* [x"), "cost (in [dollars])");
});
