"""SIGKILL at any instant, a full disk, a locked database: the home opens, answers, and the next run goes on."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer.content_hash import hash_content
from search.engine import Engine
from search.errors import HomeError
from search.open_home import open_home
from search.records import FileFacts, LedgerRow, Query, State
from search.settings import Settings
from search.status import verify_library
from search.storage.ledger import Ledger
from tests.support.indexing import index

pytestmark = pytest.mark.slow
# How often a run is killed, by `make test` and by `make soak`.
KILLS = [20, pytest.param(300, marks=pytest.mark.soak)]
KILLS_BETWEEN_CHECKS = 4
IMAGES, NOTES, TONES = 200, 70, 12


class Media:
    """A folder of 300 files that changes between runs."""

    def __init__(self, folder, demo):
        self.folder = folder
        self.chance = random.Random(7)
        shutil.copytree(demo, folder / "demo")
        for number in range(IMAGES):
            self.draw(folder / f"pictures/{number % 10}/p{number}.jpg")
        for number in range(NOTES):
            self.write(folder / f"notes/n{number}.txt")
        for number in range(TONES):
            self.sound(folder / f"tones/t{number}.wav")
        (folder / "broken.jpg").write_bytes(b"no picture")
        (folder / "empty.mp3").touch()

    def draw(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        colors = np.random.default_rng(self.chance.randrange(2**32)).integers(0, 255, (6, 6, 3), np.uint8)
        Image.fromarray(colors).resize((120, 90)).save(path)

    def write(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        words = ["harbour", "ladder", "violin", "meadow", "engine", "letter", "garden", "winter"]
        path.write_text(" ".join(self.chance.choices(words, k=40)) + f" {self.chance.random()}.")

    def sound(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = np.sin(np.arange(8000) * self.chance.uniform(0.05, 0.4)) * 9000
        with wave.open(str(path), "wb") as out:
            out.setparams((1, 2, 8000, 0, "NONE", ""))
            out.writeframes(samples.astype(np.int16).tobytes())

    def change(self):
        """Rewrite, move, delete and add some files, so that there is work at every instant."""
        images, notes = sorted(self.folder.rglob("p*.jpg")), sorted(self.folder.rglob("n*.txt"))
        for path in self.chance.sample(images, 20):
            self.draw(path)
        for path in self.chance.sample(notes, 4):
            self.write(path)
        moved, deleted = self.chance.sample(images, 2)
        moved.rename(moved.with_name(f"p{self.chance.randrange(10**9)}.jpg"))
        deleted.unlink()
        self.draw(self.folder / f"pictures/new/p{self.chance.randrange(10**9)}.jpg")

    def list_files(self):
        return {str(path): path for path in self.folder.rglob("*") if path.is_file()}


def run(home, folder):
    command = [sys.executable, "-m", "crossmodal", "--home", str(home), "index", str(folder), "--json"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def check(home):
    if (home / "catalogue.db").exists():
        with open_home(Settings(home=home)) as library:
            assert verify_library(library) == []


def check_ledger(library, media):
    """Every file is in exactly one state, as it is on the disk, and embedded once."""
    (source,) = library.sources.list_all()
    store = Ledger(library.database)
    ledger: dict[str, LedgerRow] = store.read_rows(store.read_stamps(source.id, source.path))
    files = media.list_files()
    assert {path for path, row in ledger.items() if row.state != State.MISSING} == set(files)
    failed = {Path(path).name for path, row in ledger.items() if row.state == State.FAILED}
    assert failed == {"broken.jpg", "empty.mp3"}
    for path, row in ledger.items():
        if row.state == State.INDEXED:
            assert row.content_hash == hash_content(FileFacts(path, 0, None, 0, 0, row.sidecar))
            kinds = [one.segment.kind for one in library.catalog.list_segments(row.id)]
            assert kinds.count("name") == 1
            if path.endswith(".jpg"):
                assert kinds.count("image") == 1
    with sqlite3.connect(library.home.catalog) as db:
        twice = "SELECT count(*) FROM (SELECT 1 FROM embedding GROUP BY segment_id, space_id HAVING count(*) > 1)"
        assert db.execute(twice).fetchone() == (0,)
        unfinished = "SELECT count(*) FROM item WHERE state = 'pending'"
        assert db.execute(unfinished).fetchone() == (0,)


@pytest.mark.parametrize("kills", KILLS)
def test_killed_runs_resume_and_lose_nothing(demo, tmp_path, kills):
    home = tmp_path / "home"
    media = Media(tmp_path / "media", demo)
    assert len(media.list_files()) >= 300
    killed = 0
    for number in range(kills):
        process = run(home, media.folder)
        time.sleep(media.chance.uniform(0.3, 3.0))
        killed += process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stderr.close()
        if number % KILLS_BETWEEN_CHECKS == KILLS_BETWEEN_CHECKS - 1:
            check(home)
            media.change()
    assert killed >= kills * 0.7
    process = run(home, media.folder)
    process.communicate()
    assert process.returncode == 1  # two files cannot be read, and are reported
    with open_home(Settings(home=home)) as library:
        assert verify_library(library) == []
        check_ledger(library, media)
        assert Path(Engine(library).search(Query(text="a cup of coffee")).hits[0].item.path).name == "morning.jpg"


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 24 MiB; needs the right to mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no right to mount: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_one_clear_error_and_the_run_goes_on_when_there_is_room(demo, tmp_path, small_disk):
    media = Media(tmp_path / "media", demo)
    shutil.rmtree(media.folder / "demo")  # without speech no model has to be unpacked into the home
    shutil.rmtree(media.folder / "tones")
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(22 * 2**20))
    process = run(small_disk / "home", media.folder)
    output = process.communicate()[1].decode()
    assert process.returncode == 3, output
    assert "disk is full" in output or "No space left" in output, output
    ballast.unlink()
    check(small_disk / "home")
    process = run(small_disk / "home", media.folder)
    process.communicate()
    assert process.returncode == 1
    with open_home(Settings(home=small_disk / "home")) as library:
        check_ledger(library, media)


def test_a_locked_database_is_one_clear_error(fresh, demo, monkeypatch):
    monkeypatch.setattr("search.storage.database.BUSY_TIMEOUT_MS", 200)
    with open_home(Settings(home=fresh.home.root)) as library:
        other = sqlite3.connect(fresh.home.catalog)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HomeError, match="another process has locked it"):
            index(library, demo / "notes")
        other.rollback()
        other.close()
        assert index(library, demo / "notes").failures == {}
        assert verify_library(library) == []
