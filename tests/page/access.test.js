import assert from "node:assert/strict";
import { test } from "node:test";

import { describeActivity } from "../../web/static/access/activities.js";
import { readTarget } from "../../web/static/access/target.js";
import { describeSharing } from "../../web/static/search/share.js";
import { localizeTimes } from "../../web/static/shared/format.js";
import { createTranslator } from "../../web/static/shared/i18n.js";
import { readLifetime } from "../../web/static/shared/secret.js";
import { describeProblem, forgetQueries, includesRole } from "../../web/static/shared/session.js";

const ORIGIN = "http://photos.example:8000";

/** @param {string} next */
const getTarget = (next) => readTarget(`?next=${encodeURIComponent(next)}`, ORIGIN);

test("signing in leads back to a path of this server", () => {
  for (const path of ["/", "/library", "/library?state=failed", "/?q=a+cat&type=image", "/?q=http%3A%2F%2Fevil"]) {
    assert.equal(getTarget(path), path);
  }
  assert.equal(readTarget("", ORIGIN), "/");
  assert.equal(readTarget("?out", ORIGIN), "/");
});

test("signing in leads to no other server", () => {
  const foreign = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\evil.example",
    "/\t/evil.example",
    "/\n\\evil.example",
    "\t//evil.example",
    " //evil.example",
    "/.//evil.example",
    "/a/..//evil.example",
    "/%2e//evil.example",
    "https:",
    "https:evil.example",
    "https://evil.example",
    `${ORIGIN}@evil.example/`,
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "",
  ];
  for (const next of foreign) {
    const target = getTarget(next);
    assert.equal(new URL(target, ORIGIN).origin, ORIGIN, next);
    assert.equal(target, "/", next);
  }
});

test("signing in does not lead to the page to sign in", () => {
  for (const path of ["/sign-in", "/sign-in?next=/sign-in", "/setup#token=x"]) assert.equal(getTarget(path), "/");
  assert.equal(getTarget("/sign-ins"), "/sign-ins");
});

test("a role includes the roles before it", () => {
  assert.ok(includesRole("admin", "edit"));
  assert.ok(includesRole("search", "search"));
  assert.ok(!includesRole("view", "search"));
  assert.ok(!includesRole("none", "view"));
  assert.ok(!includesRole("unknown", "view"));
});

test("who did what is a sentence, also for an action without a text", () => {
  const translate = createTranslator(
    {
      "activity.nobody": "Somebody",
      "activity.key-added": "{who} created the key {what}",
      "activity.sign-in": "{who} signed in",
      "activity.password-set": "{who} set it for {what}",
    },
    "en",
  );
  const activity = { id: 1, at: "2026-01-01T10:00:00+00:00", account: "Ana", subject: "cmk_1", address: null };
  assert.equal(describeActivity({ ...activity, action: "key-added" }, translate), "Ana created the key cmk_1");
  assert.equal(describeActivity({ ...activity, action: "password-changed" }, translate), "Ana set it for cmk_1");
  const nobody = { ...activity, account: null, subject: null };
  assert.equal(describeActivity({ ...nobody, action: "sign-in" }, translate), "Somebody signed in");
  assert.equal(describeActivity({ ...activity, action: "flew-away" }, translate), "Ana: flew-away cmk_1");
  assert.equal(describeActivity({ ...nobody, action: "flew-away" }, translate), "Somebody: flew-away");
});

test("an album of others says whose it is, an own one whom it is shared with", () => {
  const translate = createTranslator(
    {
      "share.of": "by {name}",
      "share.with_all": "everyone",
      "share.with.one": "{n} person",
      "share.with.other": "{n}",
    },
    "en",
  );
  const album = { id: 1, name: "A", count: 3, owner_id: 7, owner: "Ana", shared: false, shared_with: [2] };
  assert.equal(describeSharing(album, 7, translate), "1 person");
  assert.equal(describeSharing({ ...album, shared_with: [] }, 7, translate), "");
  assert.equal(describeSharing({ ...album, shared_with: [] }, 2, translate), "by Ana");
  assert.equal(describeSharing({ ...album, shared: true }, 2, translate), "by Ana · everyone");
  assert.equal(describeSharing({ ...album, owner_id: null, owner: null, shared_with: [] }, 0, translate), "");
});

test("times in a message are in the form of the reader", () => {
  const text = "Try again after 2026-03-01T09:30:00+00:00, or ask an admin.";
  const shown = localizeTimes(text, "en");
  assert.match(shown, /^Try again after [A-Z][a-z]{2} \d+, 2026, \d+:\d\d\s[AP]M, or ask an admin\.$/);
  assert.equal(localizeTimes("2026-03-01 is a date", "en"), "2026-03-01 is a date");
});

test("what the server says of a problem is shown, a problem without words is not", () => {
  assert.equal(describeProblem({ type: "urn:x", detail: "The name is wrong." }), "The name is wrong.");
  assert.equal(describeProblem(null), "");
});

test("a key or a link without a number of days has no limit", () => {
  assert.equal(readLifetime(""), null);
  assert.equal(readLifetime("30"), 30);
});

test("signing out removes the queries from the browser", () => {
  const names = /** @type {const} */ (["sessionStorage", "localStorage"]);
  const before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
  try {
    for (const [isSignedOut, remaining] of /** @type {const} */ ([
      [false, ["recent"]],
      [true, []],
    ])) {
      const stored = { sessionStorage: new Map([["place", "?q=secret"]]), localStorage: new Map([["recent", "[]"]]) };
      for (const name of names) {
        const value = {
          clear: () => stored[name].clear(),
          removeItem: (/** @type {string} */ key) => stored[name].delete(key),
        };
        Object.defineProperty(globalThis, name, { value, configurable: true });
      }
      forgetQueries(isSignedOut);
      assert.equal(stored.sessionStorage.size, 0);
      assert.deepEqual([...stored.localStorage.keys()], remaining);
    }
  } finally {
    names.forEach((name, index) => {
      const descriptor = before[index];
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    });
  }
});
