"""Plain values that cross room borders: what was indexed, what was asked, what was found, what is to be done."""

from search.records.answer import Answer, Coverage, Evidence, Heard, Hit
from search.records.arrays import Flags, Ids, Owners, Pixels, Sample, Samples, Vectors
from search.records.collection import Album, Opinion, SavedSearch
from search.records.media import (
    FileFacts,
    FoundSegment,
    Item,
    ItemType,
    LedgerRow,
    MediaFacts,
    Record,
    Segment,
    SegmentKind,
    SpeechSegment,
    State,
    Transcript,
    Word,
)
from search.records.query import LANE_SPACES, Box, Filters, Lane, Query, QueryPart, Sort
from search.records.work import Job, JobState, Source, Task

__all__ = [
    "LANE_SPACES",
    "Album",
    "Answer",
    "Box",
    "Coverage",
    "Evidence",
    "FileFacts",
    "Filters",
    "Flags",
    "FoundSegment",
    "Heard",
    "Hit",
    "Ids",
    "Item",
    "ItemType",
    "Job",
    "JobState",
    "Lane",
    "LedgerRow",
    "MediaFacts",
    "Opinion",
    "Owners",
    "Pixels",
    "Query",
    "QueryPart",
    "Record",
    "Sample",
    "Samples",
    "SavedSearch",
    "Segment",
    "SegmentKind",
    "Sort",
    "Source",
    "SpeechSegment",
    "State",
    "Task",
    "Transcript",
    "Vectors",
    "Word",
]
