"""What is known of a file is taken over by its copies."""

import shutil
from pathlib import Path

import pytest

from search.engine import Engine
from search.records import Query
from search.status import verify_library
from tests.support.indexing import index


def test_a_copy_is_not_embedded_again(fresh, media, monkeypatch):
    index(fresh, media)
    shutil.copy(media / "green.png", media / "sub/meadow.png")
    monkeypatch.setattr("indexer.decode.preprocess.decode_file", lambda *_: pytest.fail("decoded again"))
    assert index(fresh, media).counts["added"] == 1
    items = {Path(one.path).name: one.id for one in fresh.catalog.list_items()}
    kinds = [one.segment.kind for one in fresh.catalog.list_segments(items["meadow.png"])]
    assert kinds == ["image", "name"]
    assert Engine(fresh).search(Query(text="meadow")).total == 1
    assert fresh.home.thumbnail(items["meadow.png"]).exists()
    assert verify_library(fresh) == []


def test_among_many_files_copies_are_looked_for_by_size(fresh, media, monkeypatch):
    monkeypatch.setattr("indexer.pipeline.MIN_FILES_TO_COMPARE_SIZES", 1)
    asked, find = [], fresh.catalog.find_copy
    monkeypatch.setattr(fresh.catalog, "find_copy", lambda *of: asked.append(of) or find(*of))
    assert index(fresh, media).counts["added"] == 3
    assert not asked
    shutil.copy(media / "green.png", media / "one.png")
    shutil.copy(media / "green.png", media / "two.png")
    summary = index(fresh, media)
    assert (summary.counts["added"], len(asked)) == (2, 2)
    assert "decoding" not in summary.profile.stages
