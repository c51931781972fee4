"""A build that is killed at any step leaves the generation before, or a complete new one."""

import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from search.storage import generations as g

BUILD = """
import os, signal, sys
from functools import partial
from pathlib import Path
import numpy as np
from search.storage import faiss_build, generation_files, generation_rows, generations as g
from search.storage.baselines import QueryBank
from search.storage.embedding_rows import ROW_METADATA, Rows

folder, number, step, count = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
g.build_index = partial(faiss_build.build_index, max_flat=10)
calls = 0

def kill_before(call, *arguments, **options):
    global calls
    calls += 1
    if calls == count:
        os.kill(os.getpid(), signal.SIGKILL)
    return call(*arguments, **options)

module = {"write_rows": g, "build_index": g, "write_index": g, "choose_by_recall": g, "sync_file": g}
module |= {"_write_manifest": g, "sync_folder": g, "find_centers": faiss_build}
if step in module:
    setattr(module[step], step, partial(kill_before, getattr(module[step], step)))
rows = np.random.default_rng(number).normal(size=(60, 8)).astype(np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
block = Rows(np.arange(60, dtype=np.int64), rows.astype("<f2"), np.zeros(60, ROW_METADATA))
bank = QueryBank(np.eye(8, dtype=np.float32), (8,))
print(bank.digest)
g.write_generation(folder, [block], bank, g.GenerationManifest(number, "m", 8))
"""
STEPS = [("find_centers", 1), ("choose_by_recall", 1), ("sync_file", 3), ("_write_manifest", 1), ("sync_folder", 2)]


def build(folder, number, step="none", count=1):
    command = [sys.executable, "-c", BUILD, str(folder), str(number), step, str(count)]
    one_thread = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=one_thread)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    result = build(folder, 1)
    assert result.returncode == 0, result.stderr
    return folder, result.stdout.strip()


@pytest.mark.parametrize(("step", "count"), STEPS)
def test_a_killed_build_leaves_a_generation_that_loads_and_the_next_build_cleans_up(built, tmp_path, step, count):
    folder, bank = built
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    assert build(tmp_path, 2, step, count).returncode == -signal.SIGKILL
    newest = g.find_generation_manifests(tmp_path, "m", bank)[0]
    assert newest.generation == (2 if step == "sync_folder" else 1)
    generation = g.load_generation(tmp_path, newest)
    assert generation.index.cells.ntotal == len(generation.rows.ids) == 60
    assert np.isfinite(generation.rows.vectors.astype(np.float32)).all()
    assert build(tmp_path, 2).returncode == 0
    assert not list(tmp_path.glob(".generation-*"))
    assert [one.generation for one in g.find_generation_manifests(tmp_path, "m", bank)] == [2, 1]
    manifest = json.loads((tmp_path / "generation-00000002.json").read_bytes())
    assert manifest["files"].keys() == {path.name for path in (tmp_path / "generation-00000002").iterdir()}
