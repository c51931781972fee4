import assert from "node:assert/strict";
import { test } from "node:test";

import { GAP, computeLayout, findRowIndex } from "../../web/static/search/layout.js";

/** @import { Hit, Tier } from "../../web/static/shared/types.js" */

/**
 * @param {number} id
 * @param {Tier} [tier]
 * @returns {Hit}
 */
const createHit = (id, tier = "relevant") => ({
  item: { id, type: "image", path: `/${id}.jpg`, available: true },
  evidence: [],
  score: 1,
  relevant: true,
  stacked: [],
  tier,
});

const options = { width: 1000, maxFace: 200, caption: 60, getRatio: () => 1.5 };
const hits = Array.from({ length: 50 }, (_, id) => createHit(id));

test("every entry is in one row, in order", () => {
  const { rows } = computeLayout(hits, options);
  let next = 0;
  for (const row of rows) {
    assert.equal(row.first, next);
    next += row.count;
  }
  assert.equal(next, hits.length);
});

test("full rows have the width of the grid and faces of at most the maximum height", () => {
  const { rows } = computeLayout(hits, options);
  for (const { count, face = 0 } of rows.slice(0, -1)) {
    assert.ok(face <= 200);
    assert.ok(Math.abs(count * 1.5 * face + GAP * (count - 1) - 1000) < 1e-6);
  }
  assert.equal(rows.at(-1)?.face, 200);
});

test("rows follow each other and end at the height of the grid", () => {
  const { rows, height } = computeLayout(hits, options);
  let top = 0;
  for (const row of rows) {
    assert.equal(row.top, top);
    top += row.height + GAP;
  }
  assert.equal(height, top);
});

test("groups and dividers start a new row below a heading", () => {
  const mixed = [createHit(0), createHit(1), createHit(2, "possible"), createHit(3, "possible")];
  const { rows } = computeLayout(mixed, {
    ...options,
    getGroup: ({ item, tier }) => (tier === "possible" ? null : `group ${item.id}`),
    getDivider: ({ tier }) => (tier === "possible" ? "Possible" : null),
  });
  const shown = rows.map(({ first, count, heading, isDivider }) => [first, count, heading, isDivider]);
  assert.deepEqual(shown, [
    [0, 0, "group 0", false],
    [0, 1, undefined, undefined],
    [1, 0, "group 1", false],
    [1, 1, undefined, undefined],
    [2, 0, "Possible", true],
    [2, 2, undefined, undefined],
  ]);
});

test("an empty grid has no rows", () => {
  assert.deepEqual(computeLayout([], options), { rows: [], height: 0 });
  assert.equal(findRowIndex([], 100), 0);
});

test("the row at a position is found", () => {
  const { rows } = computeLayout(hits, options);
  assert.equal(findRowIndex(rows, -50), 0);
  assert.equal(findRowIndex(rows, 1e9), rows.length - 1);
  for (const [index, row] of rows.entries()) {
    assert.equal(findRowIndex(rows, row.top), index);
    assert.equal(findRowIndex(rows, row.top + row.height), index);
  }
});
