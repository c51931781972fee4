/** The menu of the person who has signed in, or who follows a link. */

import { send } from "../shared/api.js";
import { expectSignOut } from "../shared/session.js";
import { locate } from "../shared/site.js";

const menu = document.getElementById("menu");

document.getElementById("sign-out")?.addEventListener("click", async () => {
  const isGuest = !menu;
  expectSignOut();
  await send("/api/v1/session", { method: "DELETE" }).catch(() => null);
  // Back does not lead to a page of the session.
  location.replace(locate(`/sign-in?${isGuest ? "left" : "out"}`));
});

if (menu instanceof HTMLDetailsElement) {
  addEventListener("click", (event) => {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
}

// A page that the browser kept while somebody signed out elsewhere must not be shown again.
addEventListener("pageshow", (event) => {
  if (event.persisted) send("/api/v1/session").then(({ account }) => (account || !menu ? null : location.reload()));
});
