import assert from "node:assert/strict";
import { test } from "node:test";

import { createTranslator } from "../../web/static/shared/i18n.js";

const texts = {
  title: "Results",
  "count.one": "{n} result",
  "count.other": "{n} results",
  greeting: "{name} and {other}",
};
const t = createTranslator(texts, "en");

test("a text is found by its key, an unknown key is returned", () => {
  assert.equal(t("title"), "Results");
  assert.equal(t("missing.key"), "missing.key");
});

test("the number selects the plural form", () => {
  assert.equal(t("count", { n: 1 }), "1 result");
  assert.equal(t("count", { n: 0 }), "0 results");
  assert.equal(t("count", { n: 1200 }), "1200 results");
});

test("a language without plural forms uses the other form", () => {
  const translate = createTranslator({ "count.other": "{n} 个结果" }, "zh");
  assert.equal(translate("count", { n: 1 }), "1 个结果");
});

test("placeholders without a value stay", () => {
  assert.equal(t("greeting", { name: "Ann" }), "Ann and {other}");
  assert.equal(t("greeting", { name: 0, other: "" }), "0 and ");
});
