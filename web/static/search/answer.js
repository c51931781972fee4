// What the status line says of an answer.

import { readStatus } from "../shared/api.js";
import { make, makeButton, nameLanguage, t } from "../shared/make.js";
import { emptyFilters } from "./state.js";

const hasFilters = (state) => Object.keys(emptyFilters()).some((name) => state[name]?.length);

// An estimate says no more than two digits.
const roundTotal = (n) => Number(n.toPrecision(2));

// Says what was found. acts: dropFilters(), searchExactly().
export function describeAnswer(answer, hits, state, acts) {
  const parts = [];
  const { voice_text, voice_language, voice_translation, language, only_english } = answer.query;
  if (voice_text) {
    const spoken = voice_language && voice_language !== document.documentElement.lang ? ` (${nameLanguage(voice_language)})` : "";
    parts.push(`${t("status.heard")} `, make("strong", {}, `“${voice_text}”`), spoken);
    if (voice_translation) parts.push(` ${t("status.translated")} `, make("strong", {}, `“${voice_translation}”`));
    parts.push(" — ");
  }
  if (only_english.length) parts.push(`${t("status.only_english", { language: nameLanguage(language), models: only_english.join(", ") })} · `);
  if (answer.query.corrected) {
    parts.push(`${t("status.corrected")} `, make("strong", {}, answer.query.corrected), ". ",
      makeButton(t("status.exact", { text: state.q }), acts.searchExactly), " · ");
  }
  if (answer.nothing_relevant) {
    parts.push(make("strong", {}, t(hits.length || !hasFilters(state) ? "status.nothing" : "status.none")), hits.length ? ` ${t("status.closest")}` : "");
    if (hasFilters(state)) parts.push(" · ", makeButton(t("status.unfiltered"), acts.dropFilters));
  } else {
    const total = t("status.hits", { n: answer.total });
    parts.push(make("strong", {}, answer.total_is_estimate ? t("status.about", { total: t("status.hits", { n: roundTotal(answer.total) }) }) : total));
    parts.push(` ${t("status.took", { ms: Math.round(answer.took_ms) })}`);
  }
  const { pending, failed, outdated = [] } = answer.coverage;
  for (const space of outdated) parts.push(` · ${t(`status.outdated.${space}`)}`);
  if (pending) parts.push(` · ${t("status.pending", { n: pending })}`);
  if (failed) parts.push(" · ", make("a", { href: "/library?state=failed" }, t("status.failed", { n: failed })));
  return parts;
}

// Says what there is, before anything is asked.
export async function describeLibrary(answer, state, acts) {
  const library = await readStatus();
  const counts = ["image", "video", "audio", "document"]
    .map((type) => [library.items[type]?.indexed ?? 0, type])
    .filter(([n]) => n)
    .map(([n, type]) => t(`count.${type}`, { n }));
  if (!counts.length) return [make("a", { href: "/library" }, t("status.empty"))];
  if (!answer.total) return [t("status.none"), " ", makeButton(t("status.unfiltered"), acts.dropFilters)];
  if (hasFilters(state)) return [make("strong", {}, t("status.items", { n: answer.total }))];
  return [`${t("status.library")} `, make("strong", {}, counts.join(", "))];
}
