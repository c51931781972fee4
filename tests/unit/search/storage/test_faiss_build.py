"""Cells: their centers, and builds on a GPU, which the CPU build of FAISS stands in for."""

import itertools

import faiss
import numpy as np
import pytest

from search.errors import CancelledError
from search.storage import faiss_build as build


def make_unit(n, d=16, seed=0):
    rows = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_centers_are_the_directions_of_groups():
    groups = np.eye(8, dtype=np.float32)
    rows = np.repeat(groups, 100, axis=0) + 0.02 * make_unit(800, 8)
    rows = rows[np.random.default_rng(1).permutation(800)] / 1
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    centers = build.find_centers(rows, 24)
    np.testing.assert_allclose(np.linalg.norm(centers, axis=1), 1, atol=1e-5)
    nearest = (rows @ centers.T).max(axis=1)
    assert nearest.min() > 0.99


def test_no_cell_stays_empty_when_vectors_are_equal():
    rows = np.repeat(make_unit(4), 50, axis=0)
    centers = build.find_centers(rows, 20)
    assert np.isfinite(centers).all()
    np.testing.assert_allclose(np.linalg.norm(centers, axis=1), 1, atol=1e-5)


def test_training_stops_within_an_iteration(monkeypatch):
    """An iteration takes seconds with thousands of cells."""
    monkeypatch.setattr(build, "ROWS_PER_BLOCK", 10)
    checks = itertools.count(1)

    def check():
        if next(checks) == 3:
            raise CancelledError("enough")

    monkeypatch.setattr(build, "check_deadline", check)
    with pytest.raises(CancelledError):
        build.find_centers(make_unit(100), 4)
    assert next(checks) == 4


@pytest.mark.parametrize(("device", "gpus", "moved"), [("auto", 2, True), ("cuda", 1, True), ("cuda", 0, False)])
def test_cells_are_found_on_all_gpus(monkeypatch, device, gpus, moved):
    indexes = []
    monkeypatch.setattr(faiss, "get_num_gpus", lambda: gpus)
    monkeypatch.setattr(faiss, "index_cpu_to_all_gpus", lambda index: indexes.append(index) or index, raising=False)
    rows = make_unit(600)
    built = build.build_index(np.arange(600, dtype=np.int64), rows, device, max_flat=10)
    assert built.ntotal == 600
    assert bool(indexes) == moved


def test_one_gpu_can_be_chosen_and_the_processor_too(monkeypatch):
    chosen = []
    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 2)
    monkeypatch.setattr(faiss, "StandardGpuResources", object, raising=False)
    monkeypatch.setattr(
        faiss, "index_cpu_to_gpu", lambda _, number, index: chosen.append(number) or index, raising=False
    )
    index = faiss.IndexFlatIP(4)
    assert build.move_to_gpu(index, "cpu") is index
    assert chosen == []
    assert build.move_to_gpu(index, "cuda:1") is index
    assert chosen == [1]


def test_a_gpu_without_free_memory_is_not_used(monkeypatch):
    def fail(_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 1)
    monkeypatch.setattr(faiss, "index_cpu_to_all_gpus", fail, raising=False)
    index = faiss.IndexFlatIP(4)
    assert build.move_to_gpu(index, "auto") is index
