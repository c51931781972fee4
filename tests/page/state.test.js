import assert from "node:assert/strict";
import { test } from "node:test";

import { clearFilters, hasFilters, isEmpty, readState, setText, writeAddress } from "../../web/static/search/state.js";

test("an empty address is an empty state", () => {
  const state = readState("");
  assert.deepEqual(state, { likes: [], pictures: [], type: [], tag: [], shows: [], album: [], place: [], literal: [] });
  assert.equal(isEmpty(state), true);
  assert.equal(hasFilters(state), false);
  assert.equal(writeAddress(state), "/");
});

test("an address survives reading and writing", () => {
  const query =
    "?q=a+dog&source=%2Fmedia&after=2020&longer=10&lang=de&sort=newest&group=day&type=image&type=video&tag=sea" +
    "&album=3&like=5&like=-7&like=8%400.1_0.2_0.3_0.4&picture=abc&picture=def%400_0_0.5_1";
  assert.equal(writeAddress(readState(query)), `/${query}`);
});

test("likes have a sign and a region", () => {
  const { likes, pictures } = readState("?like=-7&like=8@0.1_0.2_0.3_0.4&picture=abc@0_0_0.5_1");
  assert.deepEqual(likes, [
    { id: 7, weight: -1, crop: null },
    { id: 8, weight: 1, crop: [0.1, 0.2, 0.3, 0.4] },
  ]);
  assert.deepEqual(pictures, [{ id: "abc", crop: [0, 0, 0.5, 1] }]);
});

test("words that are searched as words are kept until the text changes", () => {
  const state = readState("?q=summer+2025&exact=1&literal=summer+2025");
  assert.equal(setText(state, "summer 2025"), state);
  assert.equal(writeAddress(setText(state, "summer 2024")), "/?q=summer+2024");
});

test("ids that are not numbers are ignored", () => {
  assert.deepEqual(readState("?like=x&like=0").likes, []);
});

test("the recording is not part of the address", () => {
  const state = { ...readState(""), voice: new Blob(["x"]) };
  assert.equal(isEmpty(state), false);
  assert.equal(writeAddress(state), "/");
});

test("clearing the filters keeps the query", () => {
  const state = readState("?q=dog&tag=sea&camera=X100&type=image&album=2&like=5");
  assert.equal(hasFilters(state), true);
  const cleared = { ...state, ...clearFilters() };
  assert.equal(hasFilters(cleared), false);
  assert.equal(writeAddress(cleared), "/?q=dog&like=5");
});
