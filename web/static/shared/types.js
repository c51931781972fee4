/**
 * Types of the REST interface and of the pages. This module has no code and is never loaded by a browser.
 *
 * @typedef {"image" | "video" | "audio" | "document"} ItemType
 *
 * @typedef {[left: number, top: number, width: number, height: number]} Crop
 *   A region of an image, in shares of its width and height, 0 to 1.
 *
 * @typedef {object} Item
 * @property {number} id
 * @property {ItemType} type
 * @property {string} path
 * @property {boolean} [available] false if its disk is not mounted
 * @property {string | null} [title]
 * @property {number | null} [width] in pixels
 * @property {number | null} [height] in pixels
 * @property {number | null} [duration] in seconds
 * @property {string | null} [captured_at] ISO 8601, with the offset from UTC if it is known
 * @property {boolean} [is_date_guessed] whether `captured_at` was read from the file name
 * @property {string | null} [modified_at] ISO 8601 in UTC; the date of an item without `captured_at`
 * @property {number | null} [rating] 1 to 5
 * @property {string | null} [placeholder] 4 x 3 colors of six hexadecimal digits each, row by row
 *
 * @typedef {object} Segment
 * @property {string} kind
 * @property {string} text
 * @property {number | null} [start] in seconds
 * @property {number | null} [end] in seconds
 * @property {number | null} [page]
 * @property {[start: number, end: number, text: string][] | null} [words]
 *
 * @typedef {{ value: string, name: string, level: "city" | "region" | "country" }} Place
 *
 * @typedef {object} PlaceCount
 * @property {string} value
 * @property {string} name
 * @property {number} count
 * @property {PlaceCount[]} places
 *
 * @typedef {object} MapCluster
 * @property {number} latitude
 * @property {number} longitude
 * @property {number} count
 * @property {number} item the id of one of the items
 * @property {number} west
 * @property {number} south
 * @property {number} east
 * @property {number} north
 * @property {Place[]} places what all items have in common, from the city to the country
 *
 * @typedef {object} ItemDetails
 * @property {Place[]} [places] from the city to the country
 * @property {Segment[]} segments
 * @property {string | null} [camera]
 * @property {string | null} [artist]
 * @property {string | null} [album]
 * @property {string | null} [description]
 * @property {string | null} [language]
 * @property {string[] | null} [tags]
 * @property {number | null} [latitude]
 * @property {number | null} [longitude]
 * @property {string | null} [reason] a remark, such as what could not be decoded or which audio track was used
 * @property {string | null} [film] the address of the film of a Live Photo or Motion Photo
 * @property {{ id: number, path: string, reason: string | null }[]} [attachments] files that belong to the item
 *
 * @typedef {Item & ItemDetails} FullItem
 *
 * @typedef {object} Evidence
 * @property {string} kind
 * @property {number} score relevance, 0 to 1
 * @property {number | null} [start] in seconds
 * @property {number | null} [end] in seconds
 * @property {number | null} [page]
 * @property {string | null} [snippet]
 *
 * @typedef {Evidence & { start: number }} TimedEvidence
 *
 * @typedef {"relevant" | "possible" | "closest"} Tier
 *
 * @typedef {object} Hit
 * @property {Item} item
 * @property {Evidence[]} evidence
 * @property {number} score relevance, 0 to 1
 * @property {boolean} relevant
 * @property {number[]} stacked ids of near-duplicates
 * @property {boolean} [date_guessed] whether it satisfies the date filters only by a guessed date
 * @property {Tier} [tier] set by the page
 *
 * @typedef {object} AnswerQuery
 * @property {string | null} [voice_text]
 * @property {string | null} [voice_language]
 * @property {string | null} [voice_translation]
 * @property {string | null} [language]
 * @property {string | null} [corrected] the text that was searched for if typing errors were corrected
 * @property {string[]} [ignored] stop words
 * @property {string | null} [open_quote] a quotation mark that is not closed, with the word after it
 * @property {string[]} only_english models that only understand English
 *
 * @typedef {object} Answer
 * @property {AnswerQuery} query
 * @property {number} took_ms
 * @property {boolean} nothing_relevant
 * @property {{ pending: number, failed: number, outdated?: string[] }} coverage
 * @property {number} total
 * @property {boolean} [total_is_estimate]
 * @property {number} possible
 * @property {string | null} next
 * @property {Hit[]} hits
 *
 * @typedef {{ item: number, weight?: number, crop?: Crop } | { query_image: string, weight?: number, crop?: Crop }} Part
 *
 * @typedef {object} SearchFilters
 * @property {string[]} types
 * @property {string[]} tags
 * @property {number[]} albums
 * @property {string[]} [sources]
 * @property {string[]} [languages]
 * @property {string} [after]
 * @property {string} [before]
 * @property {string} [camera]
 * @property {string} [artist]
 * @property {number} [rating] at least this many stars
 * @property {number} [longer] in seconds
 * @property {number} [shorter] in seconds
 *
 * @typedef {object} RequestOptions
 * @property {string} text
 * @property {Part[]} [parts]
 * @property {string} [sort]
 * @property {boolean} [correct]
 * @property {string} [tier]
 * @property {number} [limit]
 * @property {string} [cursor]
 * @property {boolean} [all]
 *
 * @typedef {SearchFilters & RequestOptions} SearchRequest
 *
 * @typedef {{ id: number, weight: number, crop: Crop | null }} Like
 *   An item that results should be like or, with a weight below 0, unlike.
 *
 * @typedef {{ id: string, crop: Crop | null }} QueryImage An uploaded image; `crop` is the region to search for.
 *
 * @typedef {object} State The query and the filters. They are stored in the address of the page.
 * @property {string} [q]
 * @property {string} [source]
 * @property {string} [after]
 * @property {string} [before]
 * @property {string} [longer]
 * @property {string} [shorter]
 * @property {string} [lang]
 * @property {string} [camera]
 * @property {string} [artist]
 * @property {string} [rating]
 * @property {string} [sort]
 * @property {string} [group]
 * @property {string} [exact]
 * @property {string[]} type
 * @property {string[]} tag
 * @property {string[]} album
 * @property {string[]} place codes of cities, regions or countries
 * @property {Like[]} likes
 * @property {QueryImage[]} pictures
 * @property {Blob | null} [voice]
 *
 * @typedef {{ value: string, count: number }} FacetValue
 *
 * @typedef {object} Facets
 * @property {FacetValue[]} months
 * @property {FacetValue[]} tags
 * @property {PlaceCount[]} places
 * @property {FacetValue[]} sources
 * @property {FacetValue[]} languages
 * @property {FacetValue[]} cameras
 * @property {FacetValue[]} artists
 * @property {{ value: number, count: number }[]} ratings
 * @property {{ count: number }[]} durations
 *
 * @typedef {object} Job
 * @property {number} id
 * @property {string} state
 * @property {string[]} paths
 * @property {string | null} [model]
 * @property {string | null} [error]
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
 * @typedef {{ name: string, role: string, is_present: boolean }} Model
 *
 * @typedef {object} SavedSearch
 * @property {number} id
 * @property {string} name
 * @property {string} address
 * @property {number} new_matches number of new matches
 * @property {string | null} [error]
 *
 * @typedef {object} Album
 * @property {number} id
 * @property {string} name
 * @property {number} count
 * @property {number | null} owner_id
 * @property {string | null} owner the name of the account that it belongs to
 * @property {boolean} is_shared whether every account can see it
 * @property {number[]} shared_with ids of further accounts that can see it; only for its owner and admins
 *
 * @typedef {"search" | "edit" | "admin"} AccountRole
 *
 * @typedef {object} Account
 * @property {number} id
 * @property {string} name
 * @property {AccountRole} role
 * @property {number[] | null} sources ids of the folders that it may read; null for all
 * @property {string | null} signed_in_at ISO 8601
 * @property {boolean} is_disabled
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
 *
 * @typedef {{ file: File, name: string }} NamedFile A file and its name relative to the dropped folder.
 */

export {};
