/** The results of one query, page by page: first the relevant ones, then the possible ones, or else the closest. */

import { search } from "../shared/api.js";

/**
 * @import { Answer, Hit, SearchRequest, Tier } from "../shared/types.js"
 *
 * @typedef {object} NextPage
 * @property {SearchRequest} request
 * @property {Tier} tier the tier of its results
 * @property {boolean} mayRepeat whether some of its results may have been shown
 * @property {number} [count] request no more than this
 */

const PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1000;
// The number of closest matches that fills a screen.
const CLOSEST_COUNT = 24;

/**
 * @param {Hit[]} hits
 * @param {Tier} tier
 */
const setTier = (hits, tier) => hits.map((hit) => ({ ...hit, tier }));

export class Results {
  /** @type {Set<number>} ids of the items that are shown */
  #shown = new Set();
  /** @type {NextPage | null} */
  #next = null;

  /**
   * Request the first page of a query.
   *
   * @param {SearchRequest} request
   * @param {Blob | null | undefined} voice
   * @param {number} [count] request at least this many results
   * @returns {Promise<{ answer: Answer, hits: Hit[], show: () => void }>} `show` makes this the query that `more`
   *   continues
   */
  async begin(request, voice, count = 0) {
    const limit = Math.min(MAX_PAGE_SIZE, Math.max(PAGE_SIZE, count));
    const answer = await search({ ...request, tier: "relevant", limit }, voice);
    const spoken = answer.query.voice_translation ?? answer.query.voice_text;
    // A cursor belongs to the recording, so what follows is requested by text: it is not transcribed again.
    const { voice_language: _, voice_languages: __, ...unspoken } = request;
    const written = spoken ? { ...unspoken, text: [request.text, spoken].filter(Boolean).join(" ") } : request;
    const closest = answer.nothing_relevant ? await findClosest(written, answer.possible) : null;
    const hits = closest?.hits ?? setTier(answer.hits, "relevant");
    /** @type {NextPage} */
    const first = { request: { ...written, tier: "relevant" }, tier: "relevant", mayRepeat: Boolean(spoken) };
    const next = closest ? closest.next : spoken && answer.next ? first : followPage(first, answer, hits.length);
    const show = () => {
      this.#shown = new Set(hits.map((hit) => hit.item.id));
      this.#next = next;
    };
    return { answer, hits, show };
  }

  /**
   * Return the next results, an empty list if there are no more.
   *
   * @returns {Promise<Hit[]>}
   */
  async more() {
    while (this.#next) {
      const page = this.#next;
      const answer = await search({ ...page.request, limit: page.count ?? PAGE_SIZE * 2 }).catch((error) => {
        if (page === this.#next) this.clear();
        throw error;
      });
      // Another query was started in the meantime.
      if (page !== this.#next) return [];
      this.#next = followPage(page, answer, this.#shown.size);
      const hits = answer.hits.filter((hit) => !(page.mayRepeat && this.#shown.has(hit.item.id)));
      for (const hit of hits) this.#shown.add(hit.item.id);
      if (hits.length) return setTier(hits, page.tier).map((hit) => ({ ...hit, follows: true }));
    }
    return [];
  }

  clear() {
    this.#next = null;
  }

  /**
   * Return all relevant results, also those that are not loaded yet.
   *
   * @param {Hit[]} shown the results that are loaded
   */
  async listRelevant(shown) {
    const hits = shown.filter((hit) => hit.tier !== "possible");
    let page = this.#next;
    while (page?.tier === "relevant") {
      const answer = await search({ ...page.request, limit: MAX_PAGE_SIZE });
      hits.push(...answer.hits);
      page = answer.next ? { ...page, request: { ...page.request, cursor: answer.next } } : null;
    }
    return hits;
  }
}

/**
 * @param {NextPage} page
 * @param {Answer} answer the answer to the request of the page
 * @param {number} shownCount number of results that are shown before this answer
 * @returns {NextPage | null}
 */
function followPage({ request, tier, mayRepeat, count }, answer, shownCount) {
  if (count) return null;
  if (answer.next) return { request: { ...request, cursor: answer.next }, tier, mayRepeat };
  const { cursor: _, ...rest } = request;
  if (tier === "relevant" && answer.possible) {
    return { request: { ...rest, tier: "possible" }, tier: "possible", mayRepeat: true };
  }
  // Pictures always have neighbors: too few results that are like them are followed by the closest others.
  const isEnough = shownCount + (tier === "possible" ? answer.hits.length : 0) >= CLOSEST_COUNT;
  if (isEnough || tier === "closest" || !isOnlyPictures(rest)) return null;
  return { request: { ...rest, all: true }, tier: "closest", mayRepeat: true, count: CLOSEST_COUNT * 2 };
}

/**
 * Return whether a request searches by pictures or items only.
 *
 * @param {SearchRequest} request
 */
const isOnlyPictures = ({ text, parts }) => !text && Boolean(parts?.length);

/**
 * Return what to show if nothing is relevant: the possible results, or any results if only few are possible.
 *
 * @param {SearchRequest} request
 * @param {number} possibleCount
 * @returns {Promise<{ hits: Hit[], next: NextPage | null }>}
 */
async function findClosest(request, possibleCount) {
  const isAll = possibleCount < CLOSEST_COUNT;
  const wanted = isAll ? { ...request, all: true } : { ...request, tier: "possible" };
  const answer = await search({ ...wanted, limit: isAll ? CLOSEST_COUNT : PAGE_SIZE });
  const hits = setTier(answer.hits, "closest");
  if (!answer.next || isAll) return { hits, next: null };
  return { hits, next: { request: { ...wanted, cursor: answer.next }, tier: "closest", mayRepeat: true } };
}
