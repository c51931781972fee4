"""Libraries of texts and queries with known answers, for the evaluation of the text retrievers.

A collection is a folder with `documents.tsv` (name, text), `queries.tsv` (name, text) and `relevant.tsv` (query,
document), as CISI is published.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.decode.passages import cut_passages
from search.open_home import OpenHome, open_home
from search.records import FileFacts, ItemType, MediaFacts, Record, Retriever, Segment, SegmentKind
from search.settings import Settings

FOLDER = Path(__file__).parent
ROOT = "/texts/"
BATCH_SIZE = 64
ITEMS_PER_TRANSACTION = 100
# The confidence of recordings: low enough to lower their scores.
CONFIDENCE = 0.4
# The second library contains no notes in these languages except the notes in LONE.
FOREIGN = ("de", "zh", "es", "fr", "ja")
LONE = ("zufang-hetong-zh", "muellplan-de")


@dataclass(frozen=True)
class Case:
    """A query with known answers.

    Attributes:
        query: The text of the query.
        relevant: The names of the documents that answer it; empty if there are none.
        kind: The group of queries that it is reported in.
        split: `fit` or `judge`.
        language: The language of the query (ISO 639-1).
    """

    query: str
    relevant: frozenset[str]
    kind: str
    split: str
    language: str = "en"


def open_texts(home: Path, documents: Iterable[tuple[str, str]], spoken: bool = False) -> OpenHome:
    """Open a home, and fill it with documents if it is new.

    Args:
        home: The folder of the home.
        documents: The name and text of each document.
        spoken: Whether to store the texts as transcripts of recordings.
    """
    is_new = not (home / "catalogue.db").exists()
    # Questions of CISI are whole abstracts.
    library = open_home(Settings(home=home, query_characters=10_000), create=True)
    if is_new:
        records = [_make_record(library, number, *document, spoken) for number, document in enumerate(documents)]
        _embed(library, records)
        for start in range(0, len(records), ITEMS_PER_TRANSACTION):
            library.catalog.save_items(records[start : start + ITEMS_PER_TRANSACTION])
        library.indexes[Retriever.SEMANTIC].build(library.catalog.read_revision())
    return library


def _make_record(library: OpenHome, number: int, name: str, text: str, spoken: bool) -> Record:
    source = library.sources.add(ROOT.rstrip("/"))
    kind = ItemType.AUDIO if spoken else ItemType.DOCUMENT
    file = FileFacts(ROOT + name, source, kind, len(text), 10**18 + number)
    segments = [Segment(SegmentKind.SPEECH, text, 0, 1, confidence=CONFIDENCE)] if spoken else cut_passages(text)
    return Record(file, "", MediaFacts(), segments, [])


def _embed(library: OpenHome, records: Sequence[Record]) -> None:
    space = library.indexes[Retriever.SEMANTIC].space_id
    passages = [(record, position) for record in records for position in range(len(record.segments))]
    for start in range(0, len(passages), BATCH_SIZE):
        batch = passages[start : start + BATCH_SIZE]
        rows = library.models.text_encoder.encode_passages(
            [record.segments[position].text or "" for record, position in batch]
        )
        for (record, position), row in zip(batch, rows, strict=True):
            record.embeddings.append((position, space, row))


def read_collection(folder: Path) -> tuple[list[tuple[str, str]], list[Case]]:
    """Return the documents and the queries of a collection; every other query is in the split `fit`."""
    documents, queries = (_read_table(folder / f"{name}.tsv") for name in ("documents", "queries"))
    relevant = defaultdict(set)
    for query, document in _read_table(folder / "relevant.tsv"):
        relevant[query].add(document.split("\t")[0])
    answered = [(name, text) for name, text in queries if relevant[name]]
    cases = [
        Case(_make_plain(text), frozenset(relevant[name]), "collection", ("fit", "judge")[number % 2])
        for number, (name, text) in enumerate(answered)
    ]
    return documents, cases


def read_notes() -> list[tuple[str, str]]:
    """Return the notes in three languages and the documents, by name."""
    lines = (FOLDER / "notes.jsonl").read_text(encoding="utf-8").splitlines()
    notes = [(str(note["name"]), str(note["text"])) for note in map(json.loads, lines)]
    files = sorted((FOLDER / "documents").glob("*.md"))
    return notes + [(path.name, path.read_text(encoding="utf-8")) for path in files]


def keep_lone(notes: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the English notes, and one each in German and Chinese."""
    return [note for note in notes if note[0] in LONE or _infer_language(note[0]) not in FOREIGN]


def _infer_language(name: str) -> str:
    return name.removesuffix(".md")[-2:] if name.removesuffix(".md")[-3:-2] == "-" else "en"


def read_questions() -> list[Case]:
    """Return the questions over the notes in English, German and Chinese; half of them have no answer."""
    cases = []
    for line in (FOLDER / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        answer = frozenset([Path(question["answer"]).name]) if question["answer"] else frozenset[str]()
        kind = "answerable" if answer else "absent"
        cases.append(Case(question["question"], answer, kind, question["split"], question["language"]))
    return cases


def read_document_queries() -> list[Case]:
    """Return the keyword, question and paraphrase queries over the documents."""
    cases = []
    for line in (FOLDER / "documents.jsonl").read_text(encoding="utf-8").splitlines():
        query = json.loads(line)
        relevant = frozenset(Path(path).name for path in query["relevant"])
        cases.append(Case(query["query"], relevant, query["style"], "fit" if query["split"] == "fit" else "judge"))
    return cases


def read_speech_model(folder: Path) -> tuple[list[tuple[str, str]], list[Case]]:
    """Return recordings with their transcripts, and the second half of each transcript as a query."""
    rows = [line.split("\t") for line in (folder / "transcripts.tsv").read_text(encoding="utf-8").splitlines()]
    transcripts = [(row[0], row[2]) for row in rows if len(row) > 2]
    cases = []
    for number, (name, text) in enumerate(transcripts):
        half = text.split()[len(text.split()) // 2 :]
        if len(half) >= 3:
            cases.append(Case(" ".join(half), frozenset([name]), "speech", ("fit", "judge")[number % 2]))
    return transcripts, cases


def _read_table(path: Path) -> list[tuple[str, str]]:
    rows = (line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return [(row[0], row[1]) for row in rows if len(row) > 1]


def _make_plain(text: str) -> str:
    """Return a text without the special characters of the query language."""
    return text.replace('"', " ").replace(":", " ").replace(" -", " ").replace(" +", " ")
