import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { createLocalizer } from "../../web/static/shared/reasons.js";

const read = () => JSON.parse(readFileSync(new URL("../../web/texts/reasons/zh.json", import.meta.url), "utf8"));

test("a reason is translated with its values, and reasons in it as well", () => {
  const localize = createLocalizer(read());
  assert.equal(localize("in the trash"), "在回收站中");
  assert.equal(localize("in /a/b: hidden folder"), "在 /a/b 中：隐藏文件夹");
  assert.equal(localize("the same file as a (1).jpg"), "与 a (1).jpg 是同一个文件");
  assert.equal(localize("damaged: a.xml is not XML"), "已损坏：a.xml 不是 XML");
  assert.equal(localize("the file is empty; in the trash"), "文件是空的; 在回收站中");
});

test("what is not known stays as it is", () => {
  assert.equal(createLocalizer(read())("Header 17 is odd."), "Header 17 is odd.");
  assert.equal(createLocalizer({})("in the trash"), "in the trash");
});
