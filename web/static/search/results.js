// The results of one query, page by page: the relevant ones, then the possible ones; where nothing is relevant, the closest.

import { ask } from "../shared/api.js";

const PAGE = 100;
const MAX_PAGE = 1000;
// As many of the closest as fill a screen.
const CLOSEST = 24;

const label = (hits, tier) => hits.map((hit) => ({ ...hit, tier }));

export class Results {
  #shown = new Set();
  // What is asked for next: a request, the tier of its hits, and whether some of them may have been shown.
  #following = null;

  // Asks for the first page. Returns the answer and its hits, each with its tier; show() goes on from it.
  async begin(request, voice, count = 0) {
    const first = { ...request, tier: "relevant", limit: Math.min(MAX_PAGE, Math.max(PAGE, count)) };
    const answer = await ask(first, voice);
    const heard = answer.query.voice_translation ?? answer.query.voice_text;
    // A cursor would belong to the recording: what follows is asked for in words.
    const asked = heard ? { ...request, text: [request.text, heard].filter(Boolean).join(" ") } : request;
    const closest = answer.nothing_relevant ? await findClosest(asked, answer.possible) : null;
    const hits = closest?.hits ?? label(answer.hits, "relevant");
    const again = { request: { ...asked, tier: "relevant" }, tier: "relevant", isRepeated: Boolean(heard) };
    const following = closest ? closest.following : heard && answer.next ? again : this.#follow(again, answer);
    const show = () => { this.#shown = new Set(hits.map((hit) => hit.item.id)); this.#following = following; };
    return { answer, hits, show };
  }

  // Returns the next hits, none when there are no more.
  async more() {
    while (this.#following) {
      const mine = this.#following;
      const answer = await ask({ ...mine.request, limit: PAGE * 2 }).catch((error) => {
        if (mine === this.#following) this.clear();
        throw error;
      });
      if (mine !== this.#following) return [];
      this.#following = this.#follow(mine, answer);
      const hits = answer.hits.filter((hit) => !(mine.isRepeated && this.#shown.has(hit.item.id)));
      for (const hit of hits) this.#shown.add(hit.item.id);
      if (hits.length) return label(hits, mine.tier);
    }
    return [];
  }

  clear() { this.#following = null; }

  // Returns everything that is relevant, however much; where nothing is, what is shown.
  async listRelevant(entries) {
    const hits = entries.filter((one) => one.tier !== "possible");
    let following = this.#following;
    while (following?.tier === "relevant") {
      const answer = await ask({ ...following.request, limit: MAX_PAGE });
      hits.push(...answer.hits);
      following = answer.next ? { ...following, request: { ...following.request, cursor: answer.next } } : null;
    }
    return hits;
  }

  #follow({ request, tier, isRepeated }, answer) {
    if (answer.next) return { request: { ...request, cursor: answer.next }, tier, isRepeated };
    if (tier !== "relevant" || !answer.possible) return null;
    return { request: { ...request, tier: "possible", cursor: undefined }, tier: "possible", isRepeated: true };
  }
}

// Where little is possible, the closest of all fill a screen.
async function findClosest(request, count) {
  const wanted = count < CLOSEST ? { ...request, all: true } : { ...request, tier: "possible" };
  const answer = await ask({ ...wanted, limit: count < CLOSEST ? CLOSEST : PAGE });
  const following = answer.next && !wanted.all ? { request: { ...wanted, cursor: answer.next }, tier: "closest", isRepeated: true } : null;
  return { hits: label(answer.hits, "closest"), following };
}
