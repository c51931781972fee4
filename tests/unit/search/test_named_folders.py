"""A query that names a folder finds what is in it, before anything else."""

import pytest

from search.engine import Engine
from search.query.folders import read_named_folder
from search.records import EVERYTHING, Query, Rights
from tests.support.indexing import index

TEXTS = {
    "Work/Invoices/2041.txt": "Twelve illustrations for an orchard.",
    "Work/Invoices/2042.txt": "A poster for the theater.",
    "Work/roadmap.txt": "Buy the scanners.",
    "Invoices/water.txt": "The water of May.",
    "Camera Uploads/one.txt": "Nothing to see.",
    "Dog/passport.txt": "Rabies and distemper.",
    "Trips/Mexico/list.txt": "Tent, stove, head torch.",
    "Photos/New/list.txt": "Curtains and lamps.",
}


@pytest.fixture
def library(fresh, tmp_path):
    folder = tmp_path / "media"
    for name, text in TEXTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    index(fresh, folder)
    return fresh


def name_folder(library, text, rights=EVERYTHING):
    found = read_named_folder(library.database, library.catalog.read_revision(), text, rights)
    return None if found is None else (found.path, found.rest)


@pytest.mark.parametrize(
    ("text", "path", "rest"),
    [
        ("work invoices", "Work/Invoices", ""),
        ("invoices from work", "Work/Invoices", ""),
        ("work invoices theater", "Work/Invoices", "theater"),
        ("camera uploads", "Camera Uploads", ""),
        ("mexico folder", "Mexico", ""),
        ("Ordner Mexico", "Mexico", ""),
    ],
)
def test_a_name_of_several_words_or_with_the_folder_above_is_beyond_doubt(library, text, path, rest):
    assert name_folder(library, text) == (path, rest)


@pytest.mark.parametrize(
    "text", ["invoices", "a dog", "mexico", "uploads of the camera", "photos of new curtains", "work"]
)
def test_a_single_word_or_one_about_pictures_names_no_folder(library, text):
    assert name_folder(library, text) is None


def test_who_may_not_see_folders_names_none(library):
    assert name_folder(library, "work invoices", Rights(sources=(1,), shared=(1,))) is None


def search(library, text):
    hits = Engine(library).search(Query(text=text)).hits
    return [hit.item.path.partition("/media/")[2] for hit in hits]


def test_what_is_in_the_folder_is_relevant(library):
    assert sorted(search(library, "work invoices")) == ["Work/Invoices/2041.txt", "Work/Invoices/2042.txt"]


def test_the_words_of_a_folder_are_no_kind_of_item(library, tmp_path):
    target = tmp_path / "media" / "Chat Images" / "note.txt"
    target.parent.mkdir()
    target.write_text("A note.")
    index(library, tmp_path / "media")
    assert search(library, "chat images") == ["Chat Images/note.txt"]


def test_what_the_other_words_describe_comes_first_in_the_folder(library):
    assert search(library, "work invoices theater")[0] == "Work/Invoices/2042.txt"
