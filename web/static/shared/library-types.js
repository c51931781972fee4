/**
 * The types of jobs, folders, files and models of a library.
 *
 * @typedef {object} Job
 * @property {number} id
 * @property {string} state
 * @property {string[]} paths
 * @property {string | null} [model]
 * @property {string | null} [reason]
 * @property {Record<string, number | string> | null} [summary]
 * @property {string} created_at ISO 8601
 * @property {boolean} cancelling
 * @property {number} total
 * @property {number} done
 * @property {number | null} [rate] files per second
 * @property {number | null} seconds_left
 * @property {string | null} [detail]
 *
 * @typedef {object} JobRequest
 * @property {string[]} [paths]
 * @property {boolean} [retry_failed]
 * @property {string} [model]
 * @property {string} [role]
 *
 * @typedef {{ path: string, reason: string }} UnavailableFolder
 *
 * @typedef {object} Source
 * @property {number} id
 * @property {string} path
 * @property {boolean} watched
 * @property {string[]} exclude patterns of files and folders that are not indexed, as in .gitignore
 * @property {boolean} hidden whether hidden files and folders are indexed
 * @property {UnavailableFolder[]} unavailable
 * @property {string | null} problem why changes cannot be watched
 *
 * @typedef {{ id: number, path: string, state: string, reason: string | null, advice: string | null, uploaded: boolean }} LedgerItem
 *
 * @typedef {object} Space The embeddings of one model.
 * @property {string} retriever
 * @property {string} model
 * @property {"active" | "next" | "previous"} role
 * @property {number} dimension
 * @property {number} embeddings
 * @property {number} total
 *
 * @typedef {{ name: string, role: string, present: boolean }} Model
 */

export {};
