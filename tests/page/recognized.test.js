import assert from "node:assert/strict";
import { test } from "node:test";

import { describeRecognized, explainDate, listSearchedWords } from "../../web/static/search/recognized.js";

/**
 * @import { Recognized } from "../../web/static/shared/types.js"
 */

/** @type {Recognized} */
const summer = { kind: "date", text: "summer 2025", filters: { date: "2025-06..2025-08" } };
/** @type {Recognized} */
const weekend = { kind: "date", text: "last weekend", filters: { date: "2026-11-28..2026-11-29" } };
/** @type {Recognized} */
const typed = { kind: "filter", text: "in:Italy", filters: { path: "Italy" } };

test("a relative date says what it means", () => {
  assert.equal(explainDate(summer), "");
  assert.equal(explainDate(weekend), " (2026-11-28 – 2026-11-29)");
  assert.equal(describeRecognized(typed), "in:Italy");
});

test("recognized words are not highlighted", () => {
  const words = listSearchedWords({ q: "dogs in the snow summer 2025" }, { recognized: [summer, typed] });
  assert.equal(words.trim(), "dogs in the snow");
  assert.equal(listSearchedWords({ q: "dgos summer 2025" }, { corrected: "dogs summer 2025" }), "dogs summer 2025");
});
