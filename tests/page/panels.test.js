import assert from "node:assert/strict";
import { test } from "node:test";

import { isChanged, readPatterns } from "../../web/static/library/rules.js";
import { countCoverage } from "../../web/static/library/summary.js";
import { measureBox } from "../../web/static/search/crop.js";
import { findPeriod, getLastDay, getNextPeriod } from "../../web/static/search/dates.js";
import { listPassages, removeRepeated } from "../../web/static/search/details.js";
import { getAspectRatio } from "../../web/static/search/face.js";
import { countMinRatings } from "../../web/static/search/filters.js";
import { countPeriods } from "../../web/static/search/histogram.js";
import { getImageAddress, getThumbnailAddress } from "../../web/static/shared/api.js";

test("patterns are written one per line", () => {
  assert.deepEqual(readPatterns(" *.tmp \n\n/drafts/\r\n"), ["*.tmp", "/drafts/"]);
  assert.deepEqual(readPatterns(""), []);
});

test("rules are saved only if they differ", () => {
  const source = { exclude: ["*.tmp", "!a.tmp"], hidden: false };
  assert.equal(isChanged(source, { exclude: ["*.tmp", "!a.tmp"], hidden: false }), false);
  assert.equal(isChanged(source, { exclude: ["!a.tmp", "*.tmp"], hidden: false }), true);
  assert.equal(isChanged(source, { exclude: ["*.tmp", "!a.tmp"], hidden: true }), true);
});

test("a period is followed by the next month or year", () => {
  assert.equal(getNextPeriod("2024-01"), "2024-02");
  assert.equal(getNextPeriod("2024-12"), "2025-01");
  assert.equal(getNextPeriod("2024"), "2025");
});

test("two dates that span a month or a year exactly are that period", () => {
  assert.equal(findPeriod({ after: "2024-07", before: "2024-08" }), "2024-07");
  assert.equal(findPeriod({ after: "2024-12-01", before: "2025-01-01" }), "2024-12");
  assert.equal(findPeriod({ after: "2024", before: "2025" }), "2024");
  assert.equal(findPeriod({ after: "2024-01-01", before: "2025" }), "2024");
  assert.equal(findPeriod({ after: "2024-07", before: "2024-09" }), null);
  assert.equal(findPeriod({ after: "2024-07-02", before: "2024-08" }), null);
  assert.equal(findPeriod({ after: "2024-07" }), null);
});

test("the last day of a filter is the one before the first that is left out", () => {
  assert.equal(getLastDay("2025-01-01"), "2024-12-31");
  assert.equal(getLastDay("2024-03"), "2024-02-29");
  assert.equal(getLastDay("2025"), "2024-12-31");
  assert.equal(getLastDay("soon"), "soon-01-01");
});

test("a histogram has years if there are too many months", () => {
  const few = [
    { value: "2023-12", count: 2 },
    { value: "2024-01", count: 3 },
  ];
  assert.deepEqual(
    [...countPeriods(few)],
    [
      ["2023-12", 2],
      ["2024-01", 3],
    ],
  );
  const many = Array.from({ length: 72 }, (_, index) => ({
    value: `${2018 + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, "0")}`,
    count: 1,
  }));
  assert.deepEqual([...countPeriods(many).entries()][0], ["2018", 12]);
  assert.equal(countPeriods(many).size, 6);
});

test("a choice of stars counts the items with more stars too", () => {
  const ratings = [
    { value: 3, count: 5 },
    { value: 5, count: 2 },
  ];
  assert.deepEqual(countMinRatings(ratings), [
    { stars: 5, count: 2 },
    { stars: 4, count: 2 },
    { stars: 3, count: 7 },
    { stars: 2, count: 7 },
    { stars: 1, count: 7 },
  ]);
  assert.deepEqual(countMinRatings([]), []);
});

test("a box is the same from whichever corner it is drawn", () => {
  assert.deepEqual(measureBox([0.25, 0.5], [0.75, 0.75]), [0.25, 0.5, 0.5, 0.25]);
  assert.deepEqual(measureBox([0.75, 0.75], [0.25, 0.5]), [0.25, 0.5, 0.5, 0.25]);
});

test("repeated evidence is shown once", () => {
  const evidence = { kind: "speech", score: 0.9, start: 3, snippet: "a dog" };
  const repeated = [evidence, { ...evidence, score: 0.5 }, { ...evidence, start: 4 }];
  assert.deepEqual(
    removeRepeated(repeated).map(({ start, score }) => [start, score]),
    [
      [3, 0.9],
      [4, 0.9],
    ],
  );
});

test("the text of a recording is in order of time", () => {
  /** @param {string} text @param {number} [start] @param {string} [kind] */
  const make = (text, start, kind = "speech") => ({ id: 1, kind, text, start });
  const spoken = [make("One", 1), make("Three", 5), make("Two", 3), make("film.mkv", undefined, "name")];
  assert.deepEqual(
    listPassages(spoken).map(({ text }) => text),
    ["One", "Two", "Three"],
  );
  const pages = [make("B", undefined, "passage"), make("A", undefined, "passage")];
  assert.deepEqual(
    listPassages(pages).map(({ text }) => text),
    ["B", "A"],
  );
});

test("the ratio of a card is limited", () => {
  /** @param {number} width @param {number} height */
  const getRatio = (width, height) =>
    getAspectRatio({ item: { id: 1, type: "image", path: "/a.jpg", available: true, width, height } });
  assert.equal(getRatio(300, 200), 1.5);
  assert.equal(getRatio(10000, 100), 2.6);
  assert.equal(getRatio(100, 10000), 0.6);
  assert.equal(getRatio(0, 0), 1.5);
});

test("formats that browsers do not show have a preview", () => {
  assert.equal(getImageAddress({ id: 1, type: "image", path: "/a.JPG", available: true }), "/api/v1/items/1/media");
  assert.equal(getImageAddress({ id: 1, type: "image", path: "/a.heic", available: true }), "/api/v1/items/1/preview");
});

test("only thumbnails of videos have a time", () => {
  assert.equal(getThumbnailAddress({ id: 1, type: "video" }, 2.5), "/api/v1/items/1/thumbnail?at=2.5");
  assert.equal(getThumbnailAddress({ id: 1, type: "audio" }, 2.5), "/api/v1/items/1/thumbnail");
});

test("skipped files do not count for the coverage", () => {
  const items = { image: { indexed: 5, failed: 1 }, video: { indexed: 2, skipped: 4, pending: 1 } };
  assert.deepEqual(countCoverage(items), { indexed: 7, all: 9 });
});
