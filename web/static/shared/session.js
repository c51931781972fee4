/** Who uses the page, and what they may do. The server refuses anything else, so this only hides it. */

import { localizeTimes } from "./format.js";
import { t } from "./i18n.js";
import { locate } from "./site.js";

/** @import { Album } from "./types.js" */

export const FORM_TOKEN_HEADER = "X-Form-Token";
// Where the recent queries are stored in the browser.
export const RECENT_KEY = "recent";
// The type of the problem of a page whose form token belongs to another session.
const OTHER_SESSION = "urn:crossmodal:problem:form-token";
// Each role may also do what the roles before it may do.
const ROLES = ["none", "view", "search", "edit", "admin"];
// Where status 401 says that a password or a link is wrong.
const SIGN_IN_ROUTES = ["/api/v1/session", "/api/v1/setup"];

/** @returns {DOMStringMap} empty where there is no page */
const getCaller = () => globalThis.document?.body.dataset ?? {};

/**
 * Return whether a role may do what another role may do.
 *
 * @param {string} role
 * @param {string} other
 */
export const includesRole = (role, other) => ROLES.indexOf(role) >= ROLES.indexOf(other);

/**
 * Return whether the user of the page may do what a role may do.
 *
 * @param {"search" | "edit" | "admin"} role
 */
export const may = (role) => includesRole(getCaller()["role"] ?? "none", role);

/** Return the id of the account that has signed in; 0 without accounts, and for those who follow a link. */
export const getAccountId = () => Number(getCaller()["account"] ?? 0);

/**
 * Return whether the user of the page can change an album.
 *
 * @param {Pick<Album, "owner_id">} album
 */
export const canChangeAlbum = (album) => may("edit") && (may("admin") || album.owner_id === getAccountId());

/** @returns {HTMLMetaElement | null} */
const findTokenElement = () => globalThis.document?.querySelector("meta[name=form-token]") ?? null;

/** Return what the page sends with changes, to prove that they come from it; empty without a session. */
export const getFormToken = () => findTokenElement()?.content ?? "";

/**
 * Set what the page sends with changes, after a new session has started.
 *
 * @param {string | null} token
 */
export function setFormToken(token) {
  const element = findTokenElement();
  if (element) element.content = token ?? "";
}

/**
 * Return the options of a request with the form token, if it changes something.
 *
 * @param {RequestInit} [options]
 * @returns {RequestInit}
 */
export function addFormToken(options = {}) {
  const token = getFormToken();
  if (!token || !options.method) return options;
  return { ...options, headers: { ...options.headers, [FORM_TOKEN_HEADER]: token } };
}

/**
 * Return what happened in words of the person; empty if the server did not say it.
 *
 * @param {{ type?: string, detail?: string } | null} problem
 */
export function describeProblem(problem) {
  if (problem?.type === OTHER_SESSION) return t("error.other_session");
  return problem?.detail ? localizeTimes(problem.detail) : "";
}

/**
 * Remove what the pages stored in the browser about searches. Whoever signs in next may be somebody else.
 *
 * @param {boolean} isSignedOut whether somebody signed out; if their session only ended, their recent queries stay
 */
export function forgetQueries(isSignedOut) {
  sessionStorage.clear();
  if (isSignedOut) localStorage.removeItem(RECENT_KEY);
}

// Several requests can be answered that the session has ended. Each further navigation would end the one before.
let isLeaving = false;
globalThis.addEventListener?.("pageshow", () => {
  isLeaving = false;
});

/** Say that the person signs out: an answer that the session has ended then leads to no other page. */
export function expectSignOut() {
  isLeaving = true;
}

/** Go to the page to sign in, which leads back to this page. */
export function goToSignIn() {
  if (isLeaving) return;
  isLeaving = true;
  const here = location.pathname.slice(locate("").length) + location.search;
  location.assign(locate(`/sign-in?next=${encodeURIComponent(here)}`));
}

/**
 * If a response says that the session has ended, go to the page to sign in. For those who follow a link, throw an error
 * that says so.
 *
 * @param {number} status
 * @param {string} address of the request
 */
export function handleSignedOut(status, address) {
  if (status !== 401 || SIGN_IN_ROUTES.some((route) => address.startsWith(route))) return;
  if (getCaller()["role"] === "view") throw new Error(t("access.link_ended"));
  goToSignIn();
  throw new Error(t("access.session_ended"));
}
