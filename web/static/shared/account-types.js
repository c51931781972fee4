/**
 * The types of accounts, keys and links.
 *
 * @typedef {"search" | "edit" | "admin"} AccountRole
 *
 * @typedef {object} Account
 * @property {number} id
 * @property {string} name
 * @property {AccountRole} role
 * @property {number[] | null} sources ids of the folders that it may read; null for all
 * @property {string | null} signed_in_at ISO 8601
 * @property {boolean} disabled
 *
 * @typedef {object} Session
 * @property {string} role
 * @property {Account | null} account
 * @property {boolean} has_accounts
 * @property {string | null} form_token
 *
 * @typedef {object} ApiKey
 * @property {number} id
 * @property {number} account_id
 * @property {string} name
 * @property {string} prefix
 * @property {AccountRole} role
 * @property {number[] | null} sources
 * @property {string} created_at ISO 8601
 * @property {string | null} expires_at ISO 8601
 * @property {string | null} last_used_at ISO 8601
 *
 * @typedef {object} Link A link to an album.
 * @property {number} id
 * @property {string} created_at ISO 8601
 * @property {string | null} expires_at ISO 8601
 * @property {string | null} last_used_at ISO 8601
 *
 * @typedef {{ id: number, name: string }} Person Someone with an account.
 *
 * @typedef {object} Activity
 * @property {number} id
 * @property {string} at ISO 8601
 * @property {string | null} account
 * @property {string} action
 * @property {string | null} subject
 * @property {string | null} address
 */

export {};
