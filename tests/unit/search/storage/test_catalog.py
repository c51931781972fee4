"""SQL is the truth: transactions, triggers, migrations."""

from types import SimpleNamespace

import numpy as np
import pytest
from sqlalchemy import inspect, text

from search.errors import HomeError
from search.records import FileFacts, Filters, ItemType, MediaFacts, Record, Retriever, Segment, SegmentKind, State
from search.storage import tables
from search.storage.catalog import Catalog
from search.storage.consistency import find_contradictions
from search.storage.database import Database
from search.storage.feedback import FeedbackStore
from search.storage.filters import select_items, select_missing
from search.storage.jobs import Jobs
from search.storage.ledger import Ledger
from search.storage.lexical.index import WordIndex
from search.storage.query_images import QueryImages
from search.storage.saved_searches import SavedSearches
from search.storage.sources import Sources
from search.storage.spaces import SpaceRole, Spaces
from search.text.analysis import split_query
from tests.support.old_catalog import write_old_catalog


@pytest.fixture
def catalog(database):
    return Catalog(database)


ENCODER = SimpleNamespace(name="m", fingerprint="f", dimension=4)


def join_segments(postings):
    return np.unique(np.concatenate([np.zeros(0, np.int64), *(one.segments for one in postings)]))


def find(catalog, words, **fields):
    """Return the texts found, in order of segment."""
    index = WordIndex(catalog.database)
    wanted, _ = index.expand(split_query(words))
    segments = join_segments(index.find(wanted))
    allowed = set(select_items(catalog.database, Filters(**fields)).tolist())
    allowed -= set(select_missing(catalog.database).tolist())
    owners = zip(segments.tolist(), index.find_items(segments).tolist(), strict=True)
    shown = [one for one, item in owners if item in allowed]
    found = catalog.read_segments(shown)
    return [found[one].segment.text for one in shown]


def save(catalog, name="a.txt", words="the quick brown fox", space=None):
    source = Sources(catalog.database).add("/m")
    file = FileFacts(f"/m/{name}", source, ItemType.DOCUMENT, 10, 1_700_000_000_000_000_000)
    embeddings = [(0, space, np.ones(4, np.float32))] if space else []
    return catalog.save_items([Record(file, "h", MediaFacts(), [Segment(SegmentKind.PASSAGE, words)], embeddings)])[0]


def test_migrations_make_the_tables_that_the_code_expects(catalog):
    with catalog.database.read() as db:
        found = inspect(db)
        for table in tables.metadata.sorted_tables:
            columns = {column["name"] for column in found.get_columns(table.name)}
            assert columns == set(table.columns.keys()), table.name


def test_saving_again_replaces_and_forgetting_leaves_nothing(catalog):
    space = Spaces(catalog.database).add(Retriever.VISUAL, SpaceRole.ACTIVE, ENCODER).id
    first = save(catalog, space=space)
    assert save(catalog, words="lazy dog", space=space) == first
    assert find(catalog, "fox") == []
    assert len(find(catalog, "dog")) == 1
    Ledger(catalog.database).forget([first])
    with catalog.database.read() as db:
        for table in ("item", "segment", "embedding", "words_docsize"):
            assert db.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0, table
        assert db.execute(text("SELECT count(*) FROM tombstone")).scalar() == 2


def test_a_failed_transaction_leaves_the_old_item(catalog):
    save(catalog)
    source = Sources(catalog.database).add("/m")
    file = FileFacts("/m/a.txt", source, ItemType.DOCUMENT, 10, 1)
    with pytest.raises(IndexError):
        catalog.save_items([Record(file, "h", MediaFacts(), [], [(3, 1, np.ones(4, np.float32))])])
    assert len(find(catalog, "fox")) == 1
    assert catalog.list_items()[0].mtime_ns == 1_700_000_000_000_000_000


def test_words_fold_case_and_accents(catalog):
    save(catalog, words="Café Größe naïve")
    for word in ("cafe", "CAFÉ", "grosse", "GRÖSSE", "naive"):
        assert find(catalog, word), word
    index = WordIndex(catalog.database)
    wanted, total = index.expand(split_query("cafe nothing"))
    assert ([len(one.segments) for one in index.find(wanted)], total) == ([1, 0], 1)


@pytest.mark.parametrize(
    ("text_held", "query"),
    [
        ("一只狗在草地上奔跑", "草地"),
        ("一只狗在草地上奔跑", "狗"),
        ("東京タワーの写真", "タワー"),
        ("ภาษาไทยที่บ้าน", "บ้าน"),
        ("한국어 검색", "검색"),
        ("two libraries were running", "library"),
        ("two libraries were running", "runs"),
        ("zwei Häuser", "Häusern"),
        ("trois chevaux blancs", "cheval"),
        ("IMG_20240501_beachParty2.jpg", "beach"),
        ("IMG_20240501_beachParty2.jpg", "beachparty2"),
        ("IMG_20240501_beachParty2.jpg", "20240501"),
        ("IMG_20240501_beachParty2.jpg", "2024"),
        ("my iPhone", "iphone"),
        ("my iphone", "iPhone"),
        ("the lighthouse keeper", "lighth"),
        ("the lighthouse keeper", "ligthouse"),
        ("the lighthouse keeper", "lighthouze"),
        ("Москва слезам не верит", "слеза"),
    ],
)
def test_words_are_found_in_every_script_and_form(catalog, text_held, query):
    save(catalog, words=text_held)
    save(catalog, "other.txt", "nothing of the kind")
    assert find(catalog, query) == [text_held]


@pytest.mark.parametrize(
    ("text_held", "query"), [("a form", "farm house"), ("cart", "dart"), ("草原", "草地"), ("torn", "tornado")]
)
def test_words_that_are_there_are_not_taken_for_others(catalog, text_held, query):
    save(catalog, words=text_held)
    save(catalog, "other.txt", query)
    assert find(catalog, query) == [query]


@pytest.mark.parametrize("query", ['"', "a OR b", "NEAR(", "x*", "col:y", "-", "'; DROP TABLE item"])
def test_words_take_no_syntax(catalog, query):
    save(catalog)
    find(catalog, query)


def test_filters_agree_with_their_description(catalog):
    save(catalog, "deep/a.txt")
    save(catalog, "deeper/b.txt")

    def count(**fields):
        return len(find(catalog, "fox", **fields))

    assert count() == 2
    assert count(path="/m/deep") == 1
    assert count(path="/m/dee_") == 0
    assert count(types=(ItemType.IMAGE,)) == 0
    assert count(after="2023-11-14") == 2  # the modification time, where no date is known
    assert count(before="2023-11-14") == 0
    assert count(sources=("/m",)) == 2
    assert count(path="deep") == 1
    assert count(phrases=("quick brown",)) == 2
    assert count(phrases=("brown quick",)) == 0
    assert count(phrases=("quick brown", "fox")) == 2
    assert count(phrases=("quick brown", "dog")) == 0
    assert count(longer=1.0) == count(languages=("en",)) == count(camera="nikon") == 0


def test_missing_items_are_not_found_until_they_are_back(catalog):
    item = save(catalog)
    Ledger(catalog.database).mark_missing([item])
    assert find(catalog, "fox") == []
    Ledger(catalog.database).restore([item])
    assert len(find(catalog, "fox")) == 1


def test_every_write_moves_the_revision(catalog):
    before = catalog.read_revision()
    save(catalog)
    assert catalog.read_revision() > before


def test_a_newer_schema_is_refused(tmp_path):
    database = Database(tmp_path / "c.db")
    with database.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(HomeError, match="newer version"):
        Database(tmp_path / "c.db")


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path):
    (tmp_path / "c.db").write_bytes(b"not a database" * 100)
    with pytest.raises(HomeError, match="cannot open the catalog"):
        Database(tmp_path / "c.db")


def test_states_are_the_design_s():
    assert {*State} == {"pending", "indexed", "failed", "skipped", "missing"}
    assert {*Retriever} == {"visual", "semantic", "lexical"}


def test_a_catalog_of_the_first_version_is_brought_up_to_date(tmp_path):
    with write_old_catalog(tmp_path / "c.db", "0001") as connection:
        for statement in (
            "INSERT INTO source (id, path, added_at) VALUES (1, '/m', '')",
            "INSERT INTO item (id, source_id, path, state, size, mtime_ns) VALUES (1, 1, '/m/a', 'indexed', 1, 1)",
            "INSERT INTO segment (id, item_id, kind, text) VALUES (1, 1, 'passage', '一只狗在草地上')",
        ):
            connection.execute(text(statement))
    catalog = Catalog(Database(tmp_path / "c.db"))
    assert find(catalog, "草地") == ["一只狗在草地上"]
    Ledger(catalog.database).forget([1])
    assert find_contradictions(catalog.database) == []
    catalog.database.close()


def test_the_full_text_index_of_an_older_analysis_is_rebuilt(tmp_path):
    with write_old_catalog(tmp_path / "c.db", "0007", lambda value: value.replace("+", " ")) as connection:
        for statement in (
            "INSERT INTO source (id, path, added_at) VALUES (1, '/m', '')",
            "INSERT INTO item (id, source_id, path, state, size, mtime_ns) VALUES (1, 1, '/m/a', 'indexed', 1, 1)",
            "INSERT INTO segment (id, item_id, kind, text) VALUES (1, 1, 'passage', 'C++ in ٢٠٢٤'), "
            "(2, 1, 'passage', 'vitamin C')",
        ):
            connection.execute(text(statement))
    catalog = Catalog(Database(tmp_path / "c.db"))
    assert find(catalog, "2024") == ["C++ in ٢٠٢٤"]
    assert find(catalog, "c++") == ["C++ in ٢٠٢٤"]
    assert find(catalog, "C") == ["vitamin C"]
    Ledger(catalog.database).forget([1])
    assert WordIndex(catalog.database).list_words() == set()
    assert find_contradictions(catalog.database) == []
    catalog.database.close()


def test_the_names_of_the_fifth_schema_are_migrated_with_their_data(tmp_path):
    with write_old_catalog(tmp_path / "c.db", "0005") as connection:
        for table, values in OLD_ROWS.items():
            for row in values:
                names = ", ".join(f'"{name}"' for name in row)
                marks = ", ".join(f":{name}" for name in row)
                connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), row)
    database = Database(tmp_path / "c.db")
    spaces = [(one.id, one.retriever, one.role) for one in Spaces(database).list_all()]
    assert spaces == [(1, "visual", "active"), (2, "semantic", "active"), (3, "visual", "next")]
    assert len(Spaces(database).read_vectors(1, [1], 2)) == 1
    [segment] = [one.segment for one in Catalog(database).list_segments(1)]
    assert (segment.kind, segment.phash) == (SegmentKind.IMAGE, 77)
    assert Catalog(database).get_item(1).facts.placeholder == "00" * 36
    [saved] = SavedSearches(database).list_all()
    assert saved.request == {"weights": {"visual": 1, "lexical": 0}, "parts": [{"query_image": "ab", "crop": None}]}
    assert QueryImages(database).read("ab") == b"jpeg"
    [given] = FeedbackStore(database).list_all()
    assert (given.text, given.item_id, given.is_relevant) == ("a cat", 1, True)
    [job] = Jobs(database).list_all()
    assert (job.task.model, job.task.role) == ("x", "semantic")
    with database.read() as db:
        assert db.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert db.execute(text("PRAGMA foreign_key_check")).all() == []
    database.close()


OLD_ROWS = {
    "source": [{"id": 1, "path": "/m", "added_at": ""}],
    "item": [
        {"id": 1, "source_id": 1, "path": "/m/a", "state": "indexed", "size": 1, "mtime_ns": 1, "blur": "00" * 36}
    ],
    "segment": [{"id": 1, "item_id": 1, "kind": "picture", "look": 77}],
    "space": [
        {"id": 1, "name": "picture", "model": "a", "fingerprint": "f", "dimension": 2},
        {"id": 2, "name": "meaning", "model": "b", "fingerprint": "g", "dimension": 2},
        {"id": 3, "name": "picture/next", "model": "c", "fingerprint": "h", "dimension": 2},
    ],
    "embedding": [{"id": 1, "segment_id": 1, "space_id": 1, "vector": b"\0\0\0\0"}],
    "saved": [
        {
            "id": 1,
            "name": "n",
            "request": '{"weights": {"picture": 1, "words": 0}, "parts": [{"picture": "ab", "crop": null}]}',
            "address": "/?q=a",
            "created_at": "",
            "checked_at": "",
        }
    ],
    "asked_picture": [{"id": "ab", "body": b"jpeg", "asked_at": "9999"}],
    "opinion": [{"text": "a cat", "item_id": 1, "is_relevant": 1, "given_at": ""}],
    "job": [
        {
            "id": 1,
            "task": '{"paths": [], "retry_failed": false, "is_routine": false, "model": "x", "purpose": "meaning"}',
            "state": "done",
            "created_at": "",
        }
    ],
}
