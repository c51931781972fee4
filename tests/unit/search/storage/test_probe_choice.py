"""The number of cells that searches probe is chosen by measured recall, and few allowed vectors are all compared."""

from functools import partial

import numpy as np
import pytest

from search.storage import generations as g
from search.storage.baselines import QueryBank
from search.storage.embedding_rows import ROW_METADATA, Rows
from search.storage.faiss_build import build_index
from search.storage.faiss_index import VectorIndex, choose_probes, search_index
from search.storage.probe_choice import BEST, MIN_RECALL, ProbeChoice, choose_by_recall

COUNT, DIMENSION = 4_000, 16
NOTHING = np.zeros(0, np.int64)


def make_unit(n, seed=0):
    rows = np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def make_clusters(n, seed=0):
    """Return vectors in 50 narrow clusters: a vector finds its neighbors in few cells, a text in many."""
    rng = np.random.default_rng(seed)
    rows = make_unit(50, 9)[rng.integers(50, size=n)] + 0.05 * rng.normal(size=(n, DIMENSION)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def index():
    rows = make_clusters(COUNT)
    ids = np.arange(COUNT, dtype=np.int64) * 3 + 1
    return VectorIndex(ids, rows.astype("<f2"), build_index(ids, rows, max_flat=10))


def measure(index, queries, probes):
    exact = np.argsort(-(queries @ index.vectors.astype(np.float32).T), axis=1)[:, :BEST]
    found = [search_index(index, query[None], 256, None, NOTHING, probes)[1][0] for query in queries]
    return np.mean([np.isin(index.ids[best], ids).mean() for best, ids in zip(exact, found, strict=True)])


def test_the_chosen_number_of_cells_finds_what_comparing_all_finds(index):
    texts = make_unit(300, 1)
    choice = choose_by_recall(index, texts)
    assert min(choice.text_recall, choice.vector_recall) >= MIN_RECALL
    assert choice.probes < choice.cells == index.cell_count
    assert measure(index, make_unit(200, 2), choice.probes) >= MIN_RECALL - 0.01
    assert measure(index, make_unit(200, 2), 1) < 0.9


def test_texts_far_from_all_vectors_need_more_cells_than_vectors(index):
    alone = choose_by_recall(index, np.zeros((0, DIMENSION), np.float32))
    assert alone.text_recall is None
    assert alone.vector_recall >= MIN_RECALL
    assert alone.probes < choose_by_recall(index, make_unit(300, 1)).probes


def test_few_allowed_vectors_are_all_compared(index):
    narrow = VectorIndex(index.ids, index.vectors, index.cells, probes=1)
    allowed = index.ids[np.random.default_rng(3).permutation(COUNT)[: COUNT // 10]]
    allowed, denied = np.sort(np.append(allowed, 10**9)), np.sort(allowed[:20])
    live = np.setdiff1d(allowed[:-1], denied)
    for query in make_unit(20, 4):
        scores, found = search_index(narrow, query[None], BEST, allowed, denied)
        products = index.vectors[(live - 1) // 3].astype(np.float32) @ query
        assert found[0].tolist() == live[np.argsort(-products, kind="stable")[:BEST]].tolist()
        np.testing.assert_allclose(scores[0], np.sort(products)[::-1][:BEST], atol=1e-5)


def test_a_filter_is_searched_with_no_fewer_cells_than_without_a_measurement():
    assert choose_probes(4_000, 1.0, measured=64) == 65
    for share in (0.2, 0.5, 0.99):
        assert choose_probes(4_000, share, measured=64) == choose_probes(4_000, share) > 250
        assert choose_probes(4_000, share, measured=500) > choose_probes(4_000, share)


def test_a_search_compares_vectors_where_they_are(index):
    """A copy of the vectors would need as much memory as the mapped file."""
    assert not index.flat.codes.is_owned
    assert index.flat.codes.size() == index.vectors.nbytes


def test_the_choice_is_stored_with_the_generation_and_used(tmp_path, monkeypatch):
    monkeypatch.setattr(g, "build_index", partial(build_index, max_flat=10))
    rows = make_clusters(COUNT)
    block = Rows(np.arange(COUNT, dtype=np.int64), rows.astype("<f2"), np.zeros(COUNT, ROW_METADATA))
    bank = QueryBank(make_unit(100, 1), (DIMENSION,))
    written = g.write_generation(tmp_path, [block], bank, g.GenerationManifest(1, "m", DIMENSION))
    (read,) = g.find_generation_manifests(tmp_path, "m", bank.digest)
    assert read == written
    assert isinstance(read.probing, ProbeChoice)
    generation = g.load_generation(tmp_path, read)
    assert generation.index.probes == read.probing.probes
    assert generation.index.cell_count == read.probing.cells


def test_few_vectors_have_no_cells_and_no_index_file(tmp_path):
    block = Rows(np.arange(30, dtype=np.int64), make_unit(30).astype("<f2"), np.zeros(30, ROW_METADATA))
    bank = QueryBank(make_unit(10, 1), (DIMENSION,))
    manifest = g.write_generation(tmp_path, [block], bank, g.GenerationManifest(1, "m", DIMENSION))
    assert manifest.probing is None
    assert g.INDEX_FILE not in manifest.files
    assert not g.load_generation(tmp_path, manifest).index.cell_count
