import assert from "node:assert/strict";
import { test } from "node:test";

import { listLikely } from "../../web/static/search/voice-language.js";

test("the likely languages are those of the page, the browser and the library, each once", () => {
  assert.deepEqual(listLikely("zh-Hans", ["de-AT", "en"], ["fr", "de"]), ["zh", "de", "en", "fr"]);
});

test("what is no code of a language is left out", () => {
  assert.deepEqual(listLikely("en", ["x-klingon", ""], ["english"]), ["en"]);
});
