import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { Results } from "../../web/static/search/results.js";

/** @import { Answer, Hit, SearchRequest } from "../../web/static/shared/types.js" */

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

/**
 * @param {number[]} ids
 * @param {Partial<Answer>} [changes]
 * @returns {Answer}
 */
function createAnswer(ids, changes = {}) {
  /** @type {Hit[]} */
  const hits = ids.map((id) => ({
    item: { id, type: "image", path: `/${id}.jpg`, available: true },
    evidence: [],
    score: 1,
    relevant: true,
    stacked: [],
  }));
  const query = { only_english: [] };
  const coverage = { pending: 0, failed: 0 };
  const total = ids.length;
  return { query, took_ms: 1, nothing_relevant: false, coverage, total, possible: 0, next: null, hits, ...changes };
}

/**
 * Replace the server by a list of answers and return the requests that it gets.
 *
 * @param {...Answer} answers
 */
function serve(...answers) {
  /** @type {SearchRequest[]} */
  const requests = [];
  globalThis.fetch = async (_, options) => {
    const body = options?.body;
    requests.push(JSON.parse(body instanceof FormData ? String(body.get("request")) : String(body)));
    return Response.json(answers.shift());
  };
  return requests;
}

/** @type {SearchRequest} */
const request = { types: [], tags: [], albums: [], text: "dog" };

/** @param {Hit[]} hits */
const listIds = (hits) => hits.map((hit) => [hit.item.id, hit.tier]);

test("possible results follow the relevant ones, without repeating an item", async () => {
  const requests = serve(
    createAnswer([1, 2], { next: "a", possible: 2 }),
    createAnswer([3], { possible: 2 }),
    createAnswer([2, 4]),
  );
  const results = new Results();
  const { hits, show } = await results.begin(request, null);
  show();
  assert.deepEqual(listIds(hits), [
    [1, "relevant"],
    [2, "relevant"],
  ]);
  assert.deepEqual(listIds(await results.more()), [[3, "relevant"]]);
  assert.deepEqual(listIds(await results.more()), [[4, "possible"]]);
  assert.deepEqual(await results.more(), []);
  assert.deepEqual(
    requests.map(({ tier, cursor }) => [tier, cursor]),
    [
      ["relevant", undefined],
      ["relevant", "a"],
      ["possible", undefined],
    ],
  );
});

test("with nothing relevant and little possible, the closest results are shown", async () => {
  const requests = serve(createAnswer([], { nothing_relevant: true, possible: 3 }), createAnswer([5, 6]));
  const { hits } = await new Results().begin(request, null);
  assert.deepEqual(listIds(hits), [
    [5, "closest"],
    [6, "closest"],
  ]);
  assert.equal(requests[1]?.all, true);
});

test("after a spoken query, the next pages are requested by text", async () => {
  const query = { only_english: [], voice_text: "ein Hund", voice_translation: "a dog" };
  const requests = serve(createAnswer([1], { query, next: "a" }), createAnswer([1, 2]));
  const results = new Results();
  const { show } = await results.begin({ ...request, text: "brown" }, new Blob(["x"]));
  show();
  assert.deepEqual(listIds(await results.more()), [[2, "relevant"]]);
  assert.equal(requests[1]?.text, "brown a dog");
  assert.equal(requests[1]?.cursor, undefined);
});

test("an answer that arrives after another query is dropped", async () => {
  serve(createAnswer([1], { next: "a" }), createAnswer([2]));
  const results = new Results();
  (await results.begin(request, null)).show();
  const late = results.more();
  results.clear();
  assert.deepEqual(await late, []);
});

test("all relevant results are listed over several pages", async () => {
  serve(createAnswer([1], { next: "a" }), createAnswer([2], { next: "b" }), createAnswer([3]));
  const results = new Results();
  const { hits, show } = await results.begin(request, null);
  show();
  const all = await results.listRelevant(hits);
  assert.deepEqual(
    all.map((hit) => hit.item.id),
    [1, 2, 3],
  );
});

test("few results for a picture are followed by its closest neighbors", async () => {
  const requests = serve(createAnswer([1, 2], { possible: 1 }), createAnswer([2, 3]), createAnswer([1, 2, 3, 4, 5]));
  const results = new Results();
  const { show } = await results.begin({ ...request, text: "", parts: [{ item: 9 }] }, null);
  show();
  assert.deepEqual(listIds(await results.more()), [[3, "possible"]]);
  assert.deepEqual(listIds(await results.more()), [
    [4, "closest"],
    [5, "closest"],
  ]);
  assert.deepEqual(await results.more(), []);
  assert.equal(requests[2]?.all, true);
});
