"""What `crossmodal status` and the models page report."""

import json
from functools import partial

from click.testing import CliRunner

from crossmodal.cli.main import cli
from search.records import Retriever
from search.status import list_models
from search.storage.faiss_build import build_index
from tests.support.indexing import index


def test_a_space_has_as_many_embeddings_as_the_active_one_has_in_total(library):
    spaces, _ = list_models(library)
    assert {space["retriever"] for space in spaces} == {Retriever.VISUAL, Retriever.SEMANTIC}
    assert all(space["embeddings"] == space["total"] > 0 for space in spaces)


def read_status(library, *options):
    result = CliRunner().invoke(cli, ["--home", str(library.home.root), "status", *options], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_the_index_of_a_space_is_described_before_and_after_it_is_built(fresh, tmp_path, monkeypatch):
    folder = tmp_path / "media"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number}.txt").write_text(f"This is text number {number}.")
    index(fresh, folder)
    exact = json.loads(read_status(fresh, "--json"))["spaces"]["semantic"]["index"]
    assert exact == {"vectors": 12, "delta": 0, "cells": 0, "probes": 0, "text_recall": 1.0, "vector_recall": 1.0}
    assert "compares all 12 vectors exactly" in read_status(fresh)
    monkeypatch.setattr("search.storage.generations.build_index", partial(build_index, max_flat=4))
    fresh.indexes[Retriever.SEMANTIC].build(fresh.catalog.read_revision())
    described = json.loads(read_status(fresh, "--json"))["spaces"]["semantic"]["index"]
    assert described["cells"] > 0
    assert 0 < described["probes"] <= described["cells"]
    assert described["vector_recall"] >= 0.99
    line = f"probes {described['probes']} of {described['cells']} cells of 12 vectors, measured recall@10"
    assert line in read_status(fresh)
