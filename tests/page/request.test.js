import assert from "node:assert/strict";
import { test } from "node:test";

import { createFilters, createRequest, extractWords } from "../../web/static/search/request.js";
import { readState } from "../../web/static/search/state.js";

test("without a query all types are requested", () => {
  assert.deepEqual(createRequest(readState("")), {
    types: ["image", "video", "audio", "document"],
    tags: [],
    albums: [],
    text: "",
  });
  assert.deepEqual(createRequest(readState("?type=audio")).types, ["audio"]);
});

test("filters have the names and types of the server", () => {
  const state = readState(
    "?source=/m&lang=de&after=2020&camera=X&longer=10&shorter=60&album=3&tag=sea&type=image&rating=4",
  );
  assert.deepEqual(createFilters(state), {
    types: ["image"],
    tags: ["sea"],
    albums: [3],
    sources: ["/m"],
    languages: ["de"],
    after: "2020",
    camera: "X",
    rating: 4,
    longer: 10,
    shorter: 60,
  });
});

test("a single liked item has its full weight", () => {
  assert.deepEqual(createRequest(readState("?like=5")).parts, [{ item: 5, weight: 1 }]);
});

test("liked items weigh less than text and images", () => {
  const { parts, text } = createRequest(readState("?q=dog&like=5&like=-7&picture=abc@0_0_1_1"));
  assert.equal(text, "dog");
  assert.deepEqual(parts, [
    { query_image: "abc", crop: [0, 0, 1, 1] },
    { item: 5, weight: 0.6 },
    { item: 7, weight: -0.6 },
  ]);
});

test("the order and the correction are passed on", () => {
  const request = createRequest(readState("?q=dgo&exact=1&sort=newest"));
  assert.equal(request.correct, false);
  assert.equal(request.sort, "newest");
  assert.equal("correct" in createRequest(readState("?q=dgo")), false);
});

/** @param {string} q @param {string[]} [stopWords] */
const words = (q, stopWords) => extractWords({ q }, stopWords).split(/\s+/).filter(Boolean);

test("filters and excluded words are not highlighted", () => {
  assert.deepEqual(words("red dog -cat tag:sea in:x"), ["red", "dog"]);
  assert.deepEqual(words(""), []);
});

test("stop words are removed as whole words", () => {
  assert.deepEqual(words("the dog in there", ["the", "in"]), ["dog", "there"]);
  assert.deepEqual(words("c++ or c", ["c++", "or"]), ["c"]);
});

test("stop words of scripts without spaces are removed inside runs", () => {
  assert.deepEqual(words("我的狗", ["的"]), ["我", "狗"]);
});
