"""The threads of torch."""

from search.encoders.open_clip.imports import import_torch
from search.encoders.parallel import ParallelStreams


def make_streams(threads: int) -> ParallelStreams:
    """Return a pool of threads on which torch is single-threaded. On other threads it keeps using `threads` threads."""
    torch = import_torch()

    def begin() -> None:
        torch.get_num_threads()  # otherwise the thread takes the global number at its first use
        torch.set_num_threads(1)

    streams = ParallelStreams(threads, begin)
    torch.set_num_threads(threads)  # a call on one thread also sets the default of new threads
    return streams


def count_threads(threads: int) -> None:
    """Set the number of torch threads. Without this, torch uses one per physical core."""
    torch = import_torch()
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
