import assert from "node:assert/strict";
import { test } from "node:test";

import { describeRecognized, listSearchedWords } from "../../web/static/search/recognized.js";

const summer = { kind: "date", text: "summer 2025", filters: { date: "2025-06..2025-08" } };
const weekend = { kind: "date", text: "last weekend", filters: { date: "2026-11-28..2026-11-29" } };
const typed = { kind: "filter", text: "in:Italy", filters: { path: "Italy" } };

test("a chip says what a relative date means", () => {
  assert.match(describeRecognized(summer), /: summer 2025$/);
  assert.match(describeRecognized(weekend), /: last weekend \(2026-11-28 – 2026-11-29\)$/);
  assert.equal(describeRecognized(typed), "in:Italy");
});

test("recognized words are not highlighted", () => {
  const words = listSearchedWords({ q: "dogs in the snow summer 2025" }, { recognized: [summer, typed] });
  assert.equal(words.trim(), "dogs in the snow");
  assert.equal(listSearchedWords({ q: "dgos summer 2025" }, { corrected: "dogs summer 2025" }), "dogs summer 2025");
});
