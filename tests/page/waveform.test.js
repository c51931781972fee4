import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { loadPeaks } from "../../web/static/search/waveform.js";

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

const succeed = () => new Response(JSON.stringify({ peaks: [0.5] }));

test("the loudness of many recordings is requested one at a time, the latest first", async () => {
  /** @type {string[]} */
  const requested = [];
  let [open, most] = [0, 0];
  globalThis.fetch = async (address) => {
    requested.push(String(address).split("/")[4] ?? "");
    open += 1;
    most = Math.max(most, open);
    await new Promise((resolve) => setTimeout(resolve, 1));
    open -= 1;
    return succeed();
  };
  const all = await Promise.all([1, 2, 3, 4].map((id) => loadPeaks(id, 10)));
  assert.deepEqual(all, [[0.5], [0.5], [0.5], [0.5]]);
  assert.equal(most, 1);
  assert.deepEqual(requested, ["1", "4", "3", "2"]);
});

test("the loudness is requested again after the server refused it", async () => {
  globalThis.fetch = async () => new Response("{}", { status: 503 });
  assert.deepEqual(await loadPeaks(11, 10), []);
  globalThis.fetch = async () => succeed();
  assert.deepEqual(await loadPeaks(11, 10), [0.5]);
});
