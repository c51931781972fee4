"""Texts that a caller may not read influence nothing that a search by words returns."""

import numpy as np
import pytest

from search.query.correction import correct_query
from search.query.readable_words import ReadableWords
from search.records import EVERYTHING, FileFacts, ItemType, MediaFacts, Record, Rights, Segment, SegmentKind
from search.retrieval.text_candidates import match_terms
from search.storage.catalog import Catalog
from search.storage.database import Database
from search.storage.lexical.index import WordIndex
from search.storage.lexical.readable import MAX_KEPT, ReadableItems, select_readable
from search.storage.lexical.word_forms import MAX_FORMS
from search.storage.sources import Sources
from search.text.terms import read_terms

OPEN = ("The garden of roses near the old train.", "A note about gardeners and trains.", "The zorblattian letter.")
# A word that is a prefix, a form or a neighbor of words above, words that make others common, and very long texts.
HIDDEN = ("zorb", "zorbl", "gardening gardened", "train " * 500, *["letter"] * 200)


class World:
    """A catalog with two sources, of which a caller may read the first."""

    def __init__(self, database, hidden):
        self.database = database
        sources = [Sources(database).add(path) for path in ("/open", "/hidden")]
        self.rights = Rights((sources[0],), ())
        self.items = 0
        # The hidden texts come first, so that they also have the lower ids.
        for source, texts in ((sources[1], hidden), (sources[0], OPEN)):
            self.save(source, texts)
        self.index = WordIndex(database)

    def save(self, source, texts):
        """Store a document for each text."""
        for text in texts:
            self.items += 1
            facts = FileFacts(f"/{source}/{self.items}", source, ItemType.DOCUMENT, 1, 1)
            record = Record(facts, f"{self.items}", MediaFacts(), [Segment(SegmentKind.PASSAGE, text)], [])
            Catalog(self.database).save_items([record])

    def search(self, text, rights=None):
        """Return the scores of a caller by text."""
        terms = read_terms([text], "en")
        found = match_terms(self.index, terms, "en", rights or self.rights, 1)
        segments = Catalog(self.database).read_segments(found.segment_ids.tolist())
        values = zip(found.bm25, found.strength, found.contained_share, found.exact, strict=True)
        return {
            segments[one].segment.text: np.round(np.array(row, float), 6).tolist()
            for one, row in zip(found.segment_ids.tolist(), values, strict=True)
        }


@pytest.fixture
def make_world(tmp_path):
    opened = []

    def make(hidden):
        database = Database(tmp_path / f"{len(opened)}.db")
        opened.append(database)
        return World(database, hidden)

    yield make
    for database in opened:
        database.close()


@pytest.mark.parametrize("text", ["train", "the letter", "garden", "zorb", "zorbla", "gardenin", "lettre", "old note"])
def test_the_scores_are_those_of_a_library_without_the_hidden_texts(make_world, text):
    with_hidden, without = make_world(HIDDEN), make_world(())
    expected = without.search(text, EVERYTHING)
    assert with_hidden.search(text) == expected
    assert without.search(text) == expected
    if text == "train":
        assert with_hidden.search(text, EVERYTHING) != expected


def test_a_hidden_word_does_not_keep_others_from_being_guessed(make_world):
    world = make_world(("zorb", "zorbl"))
    assert list(world.search("zorb")) == [OPEN[2]]
    (word,), _ = world.index.expand([read_terms(["zorb"], "en")[0].word], "en", world.rights)
    assert "zorbl" not in word.forms


def test_many_hidden_words_do_not_take_the_place_of_others(make_world):
    # Shorter words come first among the forms of a prefix.
    world = make_world([" ".join(f"zorb{first}{second}" for second in "abcdefgh") for first in "abcdefgh"])
    assert MAX_FORMS < 64
    assert list(world.search("zorb")) == [OPEN[2]]


def test_which_words_are_readable_follows_rights_and_texts(make_world):
    world = make_world(HIDDEN)
    words = ["zorb", "garden", "zorblattian", "nothing", "train", 'a"b', "密码"]
    assert select_readable(world.database, words, world.rights) == ["garden", "zorblattian", "train"]
    assert select_readable(world.database, words, EVERYTHING) == ["zorb", "garden", "zorblattian", "train"]
    assert select_readable(world.database, [], world.rights) == []


def test_new_texts_are_readable_at_the_next_revision(make_world):
    world = make_world(HIDDEN)
    readable = ReadableItems(world.database)
    before = readable.mark(world.rights, 1)
    world.save(world.rights.sources[0], ["new"])
    assert readable.mark(world.rights, 1) is before
    assert readable.mark(world.rights, 2).sum() == before.sum() + 1
    for revision in range(3, 50):
        readable.mark(world.rights, revision)
    assert len(readable._kept) == MAX_KEPT


class Library:
    """What `ReadableWords` needs of an open home."""

    def __init__(self, world):
        self.words, self.catalog = world.index, Catalog(world.database, world.rights)


def test_a_correction_is_a_readable_word_also_among_many_hidden_ones(make_world):
    letters = "abcdefghijklmnopqrsuvwxyz"
    hidden = " ".join(f"zorbla{one}{other}ian" for one in letters for other in letters)
    words = ReadableWords(Library(make_world([hidden])))
    assert correct_query("the zorblatian letter", words, lambda _: "en") == "the zorblattian letter"
    hidden_only = ReadableWords(Library(make_world(["qwizzlebork"])))
    assert correct_query("the qwizzlebrok letter", hidden_only, lambda _: "en") is None
