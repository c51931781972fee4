// Searching inside one item: its text as it is typed, and what it shows and says once typing rests.

import { readMoments } from "../shared/api.js";
import { explain, isTimed, make, markWords, t } from "../shared/make.js";

const REST_MS = 500;

// found(moments): is told of all moments that fit, or null when nothing is looked for; seek(seconds): goes there.
export function makeFinder(item, found, seek) {
  const input = make("input", { type: "search", placeholder: t("view.find"), className: "find" });
  input.setAttribute("aria-label", t("view.find"));
  const list = make("ul", { className: "moments" });
  list.setAttribute("aria-live", "polite");
  let timer = null;
  let latest = 0;
  const look = async (text) => {
    const mine = ++latest;
    const { moments } = text ? await readMoments(item.id, text).catch(() => ({ moments: [] })) : { moments: [] };
    if (mine !== latest) return;
    found(text ? moments : null);
    list.replaceChildren(...moments.filter((one) => one.kind !== "name").slice(0, 30).map((one) => {
      const row = make(isTimed(one) && seek ? "button" : "div", { className: "moment" }, make("small", {}, explain(one)), markWords(one.snippet ?? "", text));
      if (isTimed(one) && seek) { row.type = "button"; row.addEventListener("click", () => seek(one.start)); }
      return make("li", {}, row);
    }));
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    const text = input.value.trim();
    input.dispatchEvent(new CustomEvent("typed", { bubbles: true, detail: text.toLowerCase() }));
    timer = setTimeout(() => look(text), text ? REST_MS : 0);
  });
  return make("section", {}, input, list);
}
