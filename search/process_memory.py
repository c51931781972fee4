"""How this process uses memory: what it keeps, returns to the system, and may have at most."""

import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path

MEBIBYTE = 2**20
# Parameters of mallopt(3).
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8
# Larger allocations are returned to the system when they are freed.
MAX_REUSED_BYTES = 32 * MEBIBYTE
MAX_ARENAS = 2
# A process that answers requests returns allocations of this size when they are freed.
RETURNED_BYTES = 2 * MEBIBYTE


def tune_malloc() -> None:
    """Make this process reuse memory that it frees, instead of returning it to the system.

    Getting new pages for every image costs a decoder a fifth of its time, and the process that receives the images half
    of the time this takes. Allocations larger than `MAX_REUSED_BYTES` are still returned.
    """
    tune = _find_function("mallopt")
    if tune is not None:
        tune(M_MMAP_THRESHOLD, MAX_REUSED_BYTES)
        tune(M_TRIM_THRESHOLD, 2 * MAX_REUSED_BYTES)
        tune(M_TOP_PAD, MAX_REUSED_BYTES // 4)


def share_freed_memory() -> None:
    """Let the threads of this process use the memory that other threads free, and return large blocks at once.

    Each further arena keeps its own free memory, and free blocks between used ones are not returned.
    """
    tune = _find_function("mallopt")
    if tune is not None:
        tune(M_ARENA_MAX, MAX_ARENAS)
        tune(M_MMAP_THRESHOLD, RETURNED_BYTES)
        tune(M_TRIM_THRESHOLD, 4 * RETURNED_BYTES)


def release_memory(above: int = 0) -> None:
    """Return the free memory of this process to the system, if the process has more memory than this, in MiB."""
    trim = _find_function("malloc_trim")
    if trim is not None:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        if pages * os.sysconf("SC_PAGE_SIZE") > above * MEBIBYTE:
            trim(0)


def limit_memory(size: int) -> None:
    """Limit the address space of this process, in bytes."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = size if hard == resource.RLIM_INFINITY else min(size, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _find_function(name: str) -> Callable[..., int] | None:
    """Return a function of the C library; None where there is none, as with musl."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
