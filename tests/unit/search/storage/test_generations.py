"""FAISS generations: exact, filtered, durable."""

import itertools
import json
from functools import partial

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import CancelledError, HomeError
from search.storage import faiss_build as build
from search.storage import faiss_index as v
from search.storage import generation_files as files
from search.storage import generation_rows as row_files
from search.storage import generations as g
from search.storage import probe_choice
from search.storage.baselines import QueryBank
from search.storage.embedding_rows import ROW_METADATA, Rows

NONE = np.zeros(0, np.int64)


def make_unit(n, d=16, seed=0):
    rows = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def make_index(ids, rows, max_flat=build.MAX_FLAT_VECTORS):
    return v.VectorIndex(ids, rows.astype("<f2"), build.build_index(ids, rows, max_flat=max_flat))


def write(folder, rows, previous=0):
    ids = np.arange(len(rows), dtype=np.int64)
    blocks = [
        Rows(ids[part], rows[part].astype("<f2"), np.zeros(len(ids[part]), ROW_METADATA)) for part in np.split(ids, 2)
    ]
    folder.mkdir(exist_ok=True)
    bank = QueryBank(rows[:2], (rows.shape[1],))
    return g.write_generation(folder, blocks, bank, g.GenerationManifest(previous + 1, "m", rows.shape[1]))


@given(st.sets(st.integers(0, 199)), st.sets(st.integers(0, 199)), st.integers(1, 50))
def test_filtered_search_equals_brute_force(allowed, denied, k):
    rows, query = make_unit(200), make_unit(1, seed=1)
    ids = np.arange(200, dtype=np.int64) * 7 + 3
    index = make_index(ids, rows)
    chosen = np.array(sorted(ids[i] for i in allowed), np.int64)
    banned = np.array(sorted(ids[i] for i in denied), np.int64)
    scores, found = v.search_index(index, query, k, chosen, banned)
    found = found[0][found[0] >= 0]
    live = sorted(allowed - denied, key=lambda i: -float(rows[i] @ query[0]))[:k]
    assert len(found) == len(live)
    exact = np.array([rows[i] @ query[0] for i in live])
    np.testing.assert_allclose(scores[0][: len(found)], exact, atol=2e-3)


@pytest.mark.parametrize("flat_limit", [10, 10_000])
def test_cells_and_flat_find_the_same(flat_limit):
    rows = make_unit(3000)
    index = make_index(np.arange(3000, dtype=np.int64), rows, flat_limit)
    assert isinstance(index.cells, faiss.IndexIVF) == (flat_limit == 10)
    _, found = v.search_index(index, rows[:100], 1, None, NONE)
    assert (found[:, 0] == np.arange(100)).mean() > 0.97
    few = np.array([5, 17, 900], np.int64)
    _, found = v.search_index(index, rows[:1], 10, few, NONE)
    assert set(found[0].tolist()) == {5, 17, 900, -1}


@pytest.mark.parametrize("probes", [8, 40])
def test_what_a_tenth_of_all_vectors_answers_is_found_in_all_cells(monkeypatch, probes):
    """Few cells, as in a library of millions: too few to hold a tenth of it, and enough to hold another tenth."""
    monkeypatch.setattr(v, "DEFAULT_PROBES", probes)
    rows, query = make_unit(4000), make_unit(1, seed=1)
    index = make_index(np.arange(4000, dtype=np.int64), rows, 10)
    nearest = np.argsort(-(rows @ query[0]))
    _, tenth = v.search_index(index, query, 400, None, NONE)
    assert len(set(tenth[0].tolist()) & set(nearest[:400].tolist())) >= 380
    _, everything = v.search_index(index, query, 4000, None, NONE)
    assert set(everything[0].tolist()) == set(range(4000))


FILES = [row_files.IDS_FILE, row_files.METADATA_FILE, row_files.BASELINES_FILE, row_files.SAMPLE_FILE]
FILES += [row_files.VECTORS_FILE, g.INDEX_FILE]


@pytest.mark.parametrize("name", FILES)
def test_a_torn_file_is_not_loaded(tmp_path, monkeypatch, name):
    rows = make_unit(40)
    monkeypatch.setattr(g, "build_index", partial(build.build_index, max_flat=10))
    manifest = write(tmp_path, rows)
    generation = g.load_generation(tmp_path, manifest)
    assert generation.index.cells.ntotal == len(generation.rows.ids) == 40
    np.testing.assert_allclose(generation.rows.vectors, rows, atol=1e-3)
    path = tmp_path / manifest.name / name
    path.write_bytes(path.read_bytes()[:-9])
    assert g.load_generation(tmp_path, manifest) is None
    path.unlink()
    assert g.load_generation(tmp_path, manifest) is None


def test_manifests_of_another_model_or_unreadable_ones_are_passed_over(tmp_path):
    manifest = write(tmp_path, make_unit(6))
    (tmp_path / "generation-00000009.json").write_text("{torn")
    (tmp_path / "generation-00000008.json").write_text(json.dumps({"generation": 8}))
    assert [one.generation for one in g.find_generation_manifests(tmp_path, "m", manifest.bank)] == [1]
    assert g.find_generation_manifests(tmp_path, "other", manifest.bank) == []


def test_old_generations_and_what_a_crash_left_are_dropped(tmp_path):
    (tmp_path / ".generation-00000003.77.tmp").mkdir()
    for number in range(5):
        write(tmp_path, make_unit(6), number)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"generation-0000000{n}{kind}" for n in (4, 5) for kind in ("", ".json")
    ]


def test_an_index_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(HomeError, match="Cannot write"):
        v.write_index(build.build_index(np.arange(20), make_unit(20), max_flat=10), tmp_path / "file" / "x")


def test_a_build_that_is_stopped_at_any_step_keeps_the_generation_before(tmp_path, monkeypatch):
    before = write(tmp_path, make_unit(6))
    monkeypatch.setattr(g, "build_index", partial(build.build_index, max_flat=10))
    monkeypatch.setattr(probe_choice, "VECTORS", 5)
    rows, stopped = make_unit(400), 0
    for last in itertools.count(1):
        checks = itertools.count(1)

        def check(last=last, checks=checks):
            if next(checks) == last:
                raise CancelledError("enough")

        for module in (v, build, files, row_files, probe_choice):
            monkeypatch.setattr(module, "check_deadline", check)
        try:
            newest = write(tmp_path, rows, previous=1)
            break
        except CancelledError:
            stopped += 1
            assert sorted(path.name for path in tmp_path.iterdir()) == [before.name, f"{before.name}.json"]
            assert g.find_generation_manifests(tmp_path, "m", before.bank) == [before]
    # Reading the rows, each step of the training, adding, writing and hashing.
    assert stopped > build.KMEANS_ITERATIONS + 4
    assert g.load_generation(tmp_path, newest).index.cells.ntotal == 400


def test_an_index_of_many_equal_vectors_finds_them_all():
    rows = np.repeat(make_unit(40), 50, axis=0)
    index = make_index(np.arange(2000, dtype=np.int64), rows, max_flat=10)
    scores, found = v.search_index(index, make_unit(40), 50, None, NONE)
    assert (found >= 0).all()
    np.testing.assert_allclose(scores, 1, atol=0.02)
