// A justified grid of any length: rows are computed for all hits, but only those near the window are in the document.

const GAP = 12;
const HEADING = 44;
const DIVIDER = 64;
// How far beyond the window rows are kept, in windows.
const AROUND = 1.2;

export class Grid {
  #box;
  #makeCard;
  #more;
  #rows = [];
  #entries = [];
  #shown = new Map();
  #width = 0;
  #waiting = false;
  #height = 0;

  // makeCard(entry, place, width): an element; ratio: of an entry's face; groupOf, dividerOf: the heading that an entry is
  // below, and the divider, or null; more: called when the end comes near.
  constructor(box, { makeCard, ratioOf, groupOf, dividerOf, more, caption = 62 }) {
    this.#box = box;
    this.#makeCard = makeCard;
    this.#more = more;
    this.ratioOf = ratioOf;
    this.groupOf = groupOf;
    this.dividerOf = dividerOf;
    this.caption = caption;
    addEventListener("scroll", () => this.#schedule(), { passive: true });
    new ResizeObserver(() => { if (this.#box.clientWidth !== this.#width) this.#layOut(); }).observe(box);
  }

  get entries() { return this.#entries; }

  set(entries) {
    this.#entries = entries;
    this.#shown.forEach((element) => element.remove());
    this.#shown.clear();
    this.#layOut();
  }

  append(entries) {
    this.#entries = this.#entries.concat(entries);
    this.#layOut();
  }

  forEachShown(act) { this.#shown.forEach((card, place) => act(card, place)); }

  focus(place) {
    const row = this.#rowOf(place);
    if (!row) return;
    const top = this.#box.getBoundingClientRect().top + scrollY + row.top;
    const above = document.querySelector("header").offsetHeight;
    if (top < scrollY + above || top + row.height > scrollY + innerHeight) scrollTo({ top: top - above - 20 });
    this.#render();
    this.#shown.get(place)?.querySelector("button.open")?.focus({ preventScroll: true });
  }

  // How many hits stand in a row with one.
  rowLength(place) { return this.#rowOf(place)?.count ?? 1; }

  #rowOf(place) { return this.#rows.find((one) => place >= one.first && place < one.first + one.count); }

  #rowHeight() { return innerWidth < 700 ? 150 : 210; }

  #layOut() {
    this.#width = this.#box.clientWidth;
    if (!this.#width) return;
    const wanted = this.#rowHeight();
    this.#rows = [];
    let top = 0;
    let first = 0;
    let group = null;
    let divider = null;
    const close = (end, sum, isLast) => {
      const gaps = GAP * (end - first - 1);
      const full = (this.#width - gaps) / sum;
      const face = isLast ? Math.min(full, wanted) : full;
      this.#rows.push({ first, count: end - first, top, face, height: face + this.caption });
      top += face + this.caption + GAP;
      first = end;
    };
    let sum = 0;
    this.#entries.forEach((entry, place) => {
      const its = this.groupOf?.(entry) ?? null;
      const above = this.dividerOf?.(entry) ?? null;
      if (its !== group || above !== divider || place === 0) {
        if (place > first) { close(place, sum, true); sum = 0; }
        const isDivider = above !== divider;
        const heading = isDivider ? above : its;
        if (heading !== null) {
          this.#rows.push({ first: place, count: 0, top, heading, isDivider, height: isDivider ? DIVIDER : HEADING });
          top += isDivider ? DIVIDER : HEADING;
        }
        [group, divider] = [its, above];
      }
      sum += this.ratioOf(entry);
      if ((this.#width - GAP * (place - first)) / sum <= wanted) { close(place + 1, sum, false); sum = 0; }
    });
    if (first < this.#entries.length) close(this.#entries.length, sum, true);
    this.#height = top;
    this.#box.style.height = `${top}px`;
    for (const [place, card] of this.#shown) if (!(place in this.#entries) && typeof place === "number") { card.remove(); this.#shown.delete(place); }
    this.#render(true);
  }

  #schedule() {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => { this.#waiting = false; this.#render(); });
  }

  #render(moved = false) {
    const offset = this.#box.getBoundingClientRect().top;
    const low = -offset - innerHeight * AROUND;
    const high = -offset + innerHeight * (1 + AROUND);
    const rows = this.#rows.slice(this.#findRow(low), this.#findRow(high) + 1);
    const wanted = new Map();
    for (const row of rows) {
      if (row.heading !== undefined) wanted.set(`h${row.first}`, { row });
      let left = 0;
      for (let place = row.first; place < row.first + row.count; place += 1) {
        const width = row.face * this.ratioOf(this.#entries[place]);
        wanted.set(place, { row, left, width });
        left += width + GAP;
      }
    }
    const active = document.activeElement;
    for (const [key, element] of this.#shown) {
      if (wanted.has(key) || element.contains(active)) continue;
      element.remove();
      this.#shown.delete(key);
    }
    const fresh = document.createDocumentFragment();
    for (const [key, spot] of wanted) {
      let element = this.#shown.get(key);
      if (!element) {
        element = typeof key === "string" ? this.#makeHeading(spot.row) : this.#draw(key, spot.width);
        this.#shown.set(key, element);
        fresh.append(element);
        this.#place(element, spot);
      } else if (moved) {
        this.#place(element, spot);
      }
    }
    if (fresh.childElementCount) { this.#box.append(fresh); this.#sort(); }
    if (this.#height + offset < innerHeight * 2.5) this.#more?.();
  }

  // Focus and reading go from hit to hit in their order.
  #sort() {
    const order = [...this.#shown].map(([key, element]) => [typeof key === "string" ? Number(key.slice(1)) - 0.5 : key, element]);
    order.sort((one, other) => one[0] - other[0]);
    let before = null;
    for (const [, element] of order) {
      const follows = before ? before.nextElementSibling : this.#box.firstElementChild;
      if (follows !== element && !element.contains(document.activeElement)) this.#box.insertBefore(element, follows);
      before = element;
    }
  }

  #findRow(y) {
    let low = 0;
    let high = this.#rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#rows[middle].top <= y) low = middle; else high = middle - 1;
    }
    return low;
  }

  #makeHeading(row) {
    const heading = document.createElement("h2");
    heading.textContent = row.heading;
    // A list may hold items only; as a heading it is reached and announced all the same.
    const element = document.createElement("div");
    element.className = row.isDivider ? "group divider" : "group";
    element.setAttribute("role", "listitem");
    element.append(heading);
    return element;
  }

  #draw(place, width) {
    const card = this.#makeCard(this.#entries[place], place, width);
    card.setAttribute("aria-posinset", place + 1);
    card.setAttribute("aria-setsize", this.#entries.length);
    return card;
  }

  #place(element, { row, left = 0, width = this.#width }) {
    element.style.transform = `translate(${left}px, ${row.top}px)`;
    element.style.width = `${width}px`;
    element.style.height = `${row.height}px`;
    if (row.face) element.style.setProperty("--face", `${row.face}px`);
  }
}
