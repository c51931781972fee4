"""How a process that answers many requests at the same time uses memory and processors. Home of threadpoolctl."""

from search.encoders.onnx import return_freed_memory
from search.process_memory import share_freed_memory


def tune_for_requests() -> None:
    """Share freed memory between the threads of this process, and run its matrix products on one thread each.

    A query has small matrix products. Several threads do not make these faster, and wait for each other as soon as the
    processors are busy: a query then takes several times as long. Call this after the libraries were imported.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")
    share_freed_memory()
    return_freed_memory()
