"""How a process that answers many requests at the same time uses memory and processors. Home of threadpoolctl."""

import ctypes
import sys

# A parameter of mallopt(3).
M_ARENA_MAX = -8
# Each further arena keeps memory that was freed in it, and no other thread can use it.
MAX_ARENAS = 2


def tune_for_requests() -> None:
    """Share freed memory between the threads of this process, and run its matrix products on one thread each.

    A query has small matrix products. Several threads do not make these faster, and wait for each other as soon as the
    processors are busy: a query then takes several times as long. Call this after the libraries were imported.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")
    if sys.platform == "linux" and (tune := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:  # musl has none
        tune(M_ARENA_MAX, MAX_ARENAS)
