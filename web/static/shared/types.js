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
 * @property {string} [source] the path of the source
 * @property {boolean} [available] false if its disk is not mounted
 * @property {string | null} [title]
 * @property {number | null} [width] in pixels
 * @property {number | null} [height] in pixels
 * @property {number | null} [duration] in seconds
 * @property {string | null} [captured_at] ISO 8601, with the offset from UTC if it is known
 * @property {boolean} [is_date_guessed] whether `captured_at` was read from the name of the file or folder
 * @property {"month" | "season" | "year" | null} [date_precision] of a guessed date; null for a day or a time
 * @property {string | null} [modified_at] ISO 8601 in UTC; the date of an item without `captured_at`
 * @property {number | null} [rating] 1 to 5
 * @property {{ name: string, score: number, start: number | null, described: boolean }[]} [machine_tags]
 *   what the machine recognized, the most probable first
 * @property {boolean} [has_pages] whether its pages can be drawn
 * @property {string | null} [placeholder] 4 x 3 colors of six hexadecimal digits each, row by row
 *
 * @typedef {object} PageOutline A page of a document.
 * @property {number} page from 1
 * @property {number} pages number of pages of the document
 * @property {number} width in points
 * @property {number} height in points
 * @property {Crop[]} boxes where the words are
 *
 * @typedef {object} Segment
 * @property {number} id
 * @property {string} kind
 * @property {string} text
 * @property {number | null} [start] in seconds
 * @property {number | null} [end] in seconds
 * @property {number | null} [page]
 * @property {[start: number, end: number, text: string][] | null} [words]
 * @property {TextLine[]} [lines] of text in an image
 * @property {string | null} [language] of subtitles
 *
 * @typedef {object} TextLine a line of text that was read in an image
 * @property {number[]} quad x and y of its four corners, as shares of the width and height of the image
 * @property {string} text
 *
 * @typedef {object} Playback How a recording can be played.
 * @property {string} container
 * @property {string | null} video the codec of the images
 * @property {string | null} audio the codec of the sound
 * @property {number} duration in seconds
 * @property {string | null} media_type of the file, to ask a browser
 * @property {boolean} common whether every browser plays the file
 * @property {number} fragments
 * @property {number} fragment_seconds
 * @property {string} fragment_media_type
 * @property {number} lead in seconds
 * @property {boolean} converts_video
 * @property {boolean} converts_audio
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
 * @property {number} [segment] the id of the segment
 * @property {string} kind
 * @property {number} score relevance, 0 to 1
 * @property {number | null} [start] in seconds
 * @property {number | null} [end] in seconds
 * @property {number | null} [page]
 * @property {string | null} [snippet]
 * @property {TextLine[] | null} [lines] of text in an image, those with words of the query
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
 * @property {boolean} [follows] whether it was loaded after others; set by the page
 *
 * @typedef {object} Recognized words of a query that are used as a filter
 * @property {"date" | "type" | "filter"} kind
 * @property {string} text
 * @property {Record<string, unknown>} filters
 *
 * @typedef {object} AnswerQuery
 * @property {Recognized[]} [recognized]
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
 * @property {{ pending: number, failed: number, outdated?: string[], pending_by_type?: Record<string, number> }} coverage
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
 * @property {string[]} [machine_tags]
 * @property {string[]} [places]
 * @property {string[]} [sources]
 * @property {string} [path] a folder
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
 * @property {string} [voice_language] the language of the recording (ISO 639-1)
 * @property {string[]} [voice_languages] the languages to detect among
 * @property {string} [sort]
 * @property {boolean} [correct]
 * @property {string[]} [literal] words that name a date or a kind of item and are searched for
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
 * @property {string} [in] a folder
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
 * @property {string[]} shows tags of the machine
 * @property {string[]} album
 * @property {string[]} literal
 * @property {string[]} place codes of cities, regions or countries
 * @property {Like[]} likes
 * @property {QueryImage[]} pictures
 * @property {Blob | null} [voice]
 *
 * @typedef {{ value: string, count: number }} FacetValue
 *
 * @typedef {object} Folder
 * @property {string} path
 * @property {string} name
 * @property {number} count number of results in it and below
 * @property {number} direct number of results in it, but not below
 * @property {number} folders number of folders in it
 *
 * @typedef {object} Suggestion
 * @property {string} typed the end of the text that it completes
 * @property {string | null} filter the field of a search; null for the name of a file
 * @property {string | number} value
 * @property {string} label
 *
 * @typedef {object} Example
 * @property {string} kind
 * @property {string} label
 * @property {Partial<SearchRequest>} request
 *
 * @typedef {object} Facets
 * @property {FacetValue[]} types
 * @property {Folder[]} folders
 * @property {boolean} is_estimate
 * @property {FacetValue[]} months
 * @property {FacetValue[]} tags
 * @property {FacetValue[]} machine_tags
 * @property {PlaceCount[]} places
 * @property {FacetValue[]} sources
 * @property {FacetValue[]} languages
 * @property {FacetValue[]} cameras
 * @property {FacetValue[]} artists
 * @property {{ value: number, count: number }[]} ratings
 * @property {{ count: number }[]} durations
 *
 * @typedef {object} SavedSearch
 * @property {number} id
 * @property {string} name
 * @property {string} address
 * @property {number} new_matches number of new matches
 * @property {string | null} [reason]
 *
 * @typedef {object} Album
 * @property {number} id
 * @property {string} name
 * @property {string} created_at
 * @property {number} count
 * @property {number | null} cover the id of the item that represents it
 * @property {number | null} owner_id
 * @property {string | null} owner the name of the account that it belongs to
 * @property {boolean} shared whether every account can see it
 * @property {number[]} shared_with ids of further accounts that can see it; only for its owner and admins
 *
 * @typedef {{ file: File, name: string }} NamedFile A file and its name relative to the dropped folder.
 */

export {};
