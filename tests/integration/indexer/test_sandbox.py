"""Decoders run in separate processes: a failure costs one file only."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer.decode.content import Failed, Finished, PreparedImage
from indexer.decode.decoder import SandboxedDecoder
from indexer.decode.preprocess import prepare_file
from search.errors import HomeError
from search.media.image.transform import TwoViews
from search.media.sandbox import Limits
from search.records import FileFacts, ItemType
from tests.support.indexing import index

ROOT = Path(__file__).parents[3]
VIEWS = TwoViews(260, 0.7)
QUICK = Limits(stall=1.5, total=4.0, memory=4096)


def decode_badly(_transform, file, _scope):
    """Fail in the way that the name of the file requests."""
    match Path(file.path).stem:
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "leave":
            os._exit(7)
        case "hang":
            time.sleep(60)
        case "drip":
            while True:
                yield PreparedImage(None, None)
                time.sleep(0.5)
        case "eat":
            yield from prepare_file(file, lambda _: np.ones(2**34, np.uint8))
        case _:
            yield Finished(None, None)


@pytest.fixture
def sandbox(tmp_path):
    sandbox = SandboxedDecoder(VIEWS, QUICK, decode_badly)
    yield sandbox
    sandbox.close()


def make(folder, name):
    Image.new("RGB", (40, 40)).save(folder / f"{name}.png")
    return FileFacts(str(folder / f"{name}.png"), 1, ItemType.IMAGE, 100, 1)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("crash", "crashed (SIGSEGV)"),
        ("leave", "crashed (status 7)"),
        ("hang", "no progress for 2 s"),
        ("drip", "not finished after 4 s"),
        ("eat", "more memory"),
    ],
)
def test_a_bad_file_fails_with_its_reason_and_the_next_is_decoded(sandbox, tmp_path, name, message):
    *_, last = sandbox.decode(make(tmp_path, name))
    assert isinstance(last, Failed)
    assert message in last.reason
    assert list(sandbox.decode(make(tmp_path, "good"))) == [Finished(None, None)]


def test_one_that_is_left_half_way_does_not_disturb_the_next(sandbox, tmp_path):
    messages = sandbox.decode(make(tmp_path, "drip"))
    next(messages)
    messages.close()
    assert list(sandbox.decode(make(tmp_path, "good"))) == [Finished(None, None)]


class EndsTheProcess:
    """Ends the process that reads it from a connection."""

    def __reduce__(self):
        return os._exit, (3,)


def test_a_process_that_cannot_start_fails_no_file(tmp_path):
    sandbox = SandboxedDecoder(EndsTheProcess(), QUICK)
    with pytest.raises(HomeError, match=r"Cannot start a decoder process \(status 3\)"):
        next(sandbox.decode(make(tmp_path, "good")))


def test_a_run_with_processes_indexes_the_same(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    Image.new("RGB", (64, 48), (9, 120, 200)).save(media / "blue.png")
    (media / "note.txt").write_text("The ferry leaves at noon.")
    (media / "bad.jpg").write_text("no picture")
    summary = index(fresh, media, sandbox=True)
    assert summary.counts["added"] == 2
    assert [Path(path).name for path in summary.failures] == ["bad.jpg"]
    assert summary.profile.stages["decoding"].count == 2


# A worker next to a server has a niceness, which its decoders inherit. With both together they would hardly run.
SHOW_NICENESS = """
import os
from search.media.sandbox import Limits, Sandbox
from tests.integration.indexer.test_sandbox import read_niceness

os.nice({inherited})
sandbox = Sandbox(read_niceness, None, Limits(niceness=10), bool)
print(*sandbox.run((), 0))
sandbox.close()
"""


def read_niceness(_setup):
    yield os.nice(0)


@pytest.mark.parametrize(("inherited", "expected"), [(0, 10), (5, 10), (15, 15)])
def test_what_a_decoder_inherits_is_not_added_to_its_niceness(inherited, expected):
    script = SHOW_NICENESS.format(inherited=inherited)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert int(result.stdout) == expected
