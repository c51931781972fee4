/** The part of the REST interface about accounts, keys and shared albums. */

import { send, sendJson } from "./api.js";

/**
 * @import { Account, Activity, ApiKey, Link, Person, Session } from "./account-types.js"
 * @import { Album } from "./types.js"
 */

/** @type {() => Promise<Session>} */
export const readSession = () => send("/api/v1/session");

/** @type {(name: string, password: string) => Promise<Session>} */
export const signIn = (name, password) => sendJson("POST", "/api/v1/session", { name, password });

/** @type {(name: string, password: string, token: string) => Promise<Session>} */
export const addFirstAccount = (name, password, token) => sendJson("POST", "/api/v1/setup", { name, password, token });

/** @type {() => Promise<void>} ends all sessions of the account, also those of other browsers */
export const signOutEverywhere = () => send("/api/v1/session?everywhere=true", { method: "DELETE" });

/** @type {(current: string, password: string) => Promise<Session>} */
export const changePassword = (current, password) =>
  sendJson("POST", "/api/v1/session/password", { current, new: password });

/** @type {() => Promise<{ accounts: Account[] }>} in order of name */
export const listAccounts = () => send("/api/v1/accounts");

/**
 * @typedef {object} NewAccount
 * @property {string} name
 * @property {string | null} password null for someone who signs in through the identity provider
 * @property {string} role
 * @property {number[] | null} sources
 */

/** @type {(account: NewAccount) => Promise<Account>} */
export const addAccount = (account) => sendJson("POST", "/api/v1/accounts", account);

/**
 * @typedef {object} AccountChange A field that is left out is kept.
 * @property {string} [role]
 * @property {number[] | null} [sources]
 * @property {string} [password]
 * @property {boolean} [disabled]
 */

/** @type {(id: number, change: AccountChange) => Promise<Account>} */
export const changeAccount = (id, change) => sendJson("PATCH", `/api/v1/accounts/${id}`, change);

/** @type {(id: number) => Promise<void>} */
export const deleteAccount = (id) => send(`/api/v1/accounts/${id}`, { method: "DELETE" });

/** @type {() => Promise<{ keys: ApiKey[] }>} newest first; an admin gets those of all accounts */
export const listKeys = () => send("/api/v1/keys");

/**
 * @typedef {object} NewKey
 * @property {string} name
 * @property {string} role
 * @property {number[] | null} sources
 * @property {number | null} days
 */

/** @type {(key: NewKey) => Promise<ApiKey & { key: string }>} */
export const addKey = (key) => sendJson("POST", "/api/v1/keys", key);

/** @type {(id: number) => Promise<void>} */
export const deleteKey = (id) => send(`/api/v1/keys/${id}`, { method: "DELETE" });

/** @type {() => Promise<{ people: Person[] }>} in order of name */
export const listPeople = () => send("/api/v1/people");

/** @type {(id: number, sharing: { shared: boolean, shared_with: number[] }) => Promise<Album>} */
export const shareAlbum = (id, sharing) => sendJson("PUT", `/api/v1/albums/${id}/sharing`, sharing);

/** @type {(album: number) => Promise<{ links: Link[] }>} newest first */
export const listLinks = (album) => send(`/api/v1/albums/${album}/links`);

/** @type {(album: number, days: number | null) => Promise<Link & { address: string }>} */
export const addLink = (album, days) => sendJson("POST", `/api/v1/albums/${album}/links`, { days });

/** @type {(album: number, id: number) => Promise<void>} */
export const deleteLink = (album, id) => send(`/api/v1/albums/${album}/links/${id}`, { method: "DELETE" });

/** @type {(cursor: number | null) => Promise<{ activities: Activity[], next: number | null }>} newest first */
export const listActivities = (cursor) => send(`/api/v1/activities?limit=50${cursor ? `&cursor=${cursor}` : ""}`);
