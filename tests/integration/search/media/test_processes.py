"""What clients send is decoded in other processes, which have limits."""

import io
import os
import resource
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from search.deadline import set_deadline
from search.errors import BusyError, DeadlineError, MediaLimitError, UnreadableMediaError, UsageError
from search.media.image.transform import ResizeCrop
from search.media.on_demand import load_decoders, prepare_image
from search.media.processes import SandboxedMedia

VIEW = ResizeCrop(32, 32)
MAX_PIXELS = 100_000_000


@pytest.fixture
def media():
    media = SandboxedMedia(1, 1, 2048)
    yield media
    set_deadline(None)
    media.close()


def make_image(width, height):
    out = io.BytesIO()
    Image.new("RGB", (width, height), (9, 200, 30)).save(out, "PNG")
    return out.getvalue()


def fail(error):
    raise error


def read_memory():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


def test_large_images_need_no_memory_of_this_process(media):
    body = make_image(10_000, 10_000)
    assert len(body) < 2**20
    media.warm_up(load_decoders)
    before, peak = read_memory(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(5):
        assert media.call(prepare_image, body, None, VIEW, MAX_PIXELS).shape == (32, 32, 3)
    assert read_memory() - before < 50
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / 1024 < 50


def test_errors_come_back_and_the_process_goes_on(media):
    with pytest.raises(UnreadableMediaError, match="unrecognized image format"):
        media.call(prepare_image, b"no image", None, VIEW, MAX_PIXELS)
    with pytest.raises(MediaLimitError, match="more than the limit of 1 megapixels"):
        media.call(prepare_image, make_image(1001, 1000), None, VIEW, 10**6)
    with pytest.raises(UsageError, match="crop"):
        media.call(prepare_image, make_image(100, 100), (0.0, 0.0, 0.01, 0.01), VIEW, MAX_PIXELS)
    with pytest.raises(FileNotFoundError):
        media.call(fail, FileNotFoundError(2, "No such file or directory", "x"))
    with pytest.raises(UnreadableMediaError, match="KeyError"):
        media.call(fail, KeyError("x"))


def test_a_crash_too_much_memory_and_too_much_time_end_only_the_call(media):
    with pytest.raises(MediaLimitError, match="SIGSEGV"):
        media.call(kill_this_process)
    with pytest.raises(MediaLimitError, match="memory"):
        media.call(bytes, 8 * 2**30)
    set_deadline(time.monotonic() + 2)
    with pytest.raises(DeadlineError):
        media.call(time.sleep, 60)
    set_deadline(None)
    assert media.call(prepare_image, make_image(100, 100), None, VIEW, MAX_PIXELS).shape == (32, 32, 3)


def kill_this_process():
    os.kill(os.getpid(), signal.SIGSEGV)


def test_calls_beyond_the_queue_are_refused(media):
    media.warm_up(load_decoders)
    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(media.call, time.sleep, 0.5) for _ in range(2)]
        while media._admission._admitted < 2:
            time.sleep(0.001)
        with pytest.raises(BusyError):
            media.call(time.sleep, 0)
        assert [one.result() for one in slow] == [None, None]
