"""Decoders in processes of their own: one that hangs, crashes or eats memory costs its file, not the run."""

import contextlib
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Protocol

from indexer.preparing import Failed, Finished, Messages, Prepare, prepare_file
from search.records import FileFacts

MEBIBYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """What a decoder may use.

    stall: seconds until the next piece of a file must be there; total: seconds for a whole file, of which a large one
    gets `per_mebibyte` more for each; memory: MiB of address space.
    """

    stall: float = 60.0
    total: float = 300.0
    per_mebibyte: float = 5.0
    memory: int = 4096


Serve = Callable[[Connection, Path, Limits], None]


class Decoder(Protocol):
    """What turns files into messages."""

    def decode(self, file: FileFacts) -> Messages:
        """Give what the models need of a file; the last message is `Finished` or `Failed`."""

    def close(self) -> None:
        """Let go of what it holds."""


class InlineDecoder:
    """Decodes in this process: nothing is limited. For tests of what comes after."""

    def __init__(self, prepare: Prepare) -> None:
        self._prepare = prepare

    def decode(self, file: FileFacts) -> Messages:
        """Give what the models need of a file."""
        return prepare_file(file, self._prepare)

    def close(self) -> None:
        """Do nothing."""


class Sandbox:
    """Decodes in a process of its own, started when first needed and again after each that had to be killed."""

    def __init__(self, models: Path, limits: Limits, serve: Serve | None = None) -> None:
        """models: the folder of the home's models, which say how pictures are prepared; serve: what is run."""
        self._serve = serve or serve_decoder
        self._models = models
        self._limits = limits
        self._lock = threading.Lock()
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None

    def decode(self, file: FileFacts) -> Messages:
        """Give what the models need of a file; what goes beyond the limits, or crashes, has failed."""
        connection = self._start()
        ended = False
        try:
            connection.send(file)
            spent, allowed = 0.0, self._limits.total + self._limits.per_mebibyte * file.size / MEBIBYTE
            while not ended:
                began = time.monotonic()
                if not connection.poll(min(self._limits.stall, allowed - spent)):
                    yield Failed(self._explain_wait(spent, allowed))
                    return
                message = connection.recv()
                spent += time.monotonic() - began
                ended = isinstance(message, Finished | Failed)
                yield message
        except (EOFError, BrokenPipeError, ConnectionResetError):
            yield Failed(self._explain_death())
        finally:
            if not ended:
                self.close()

    def close(self) -> None:
        """Kill the process, whatever it is at; may be called from another thread."""
        with self._lock:
            process, connection = self._process, self._connection
            self._process = self._connection = None
        if process is not None:
            process.kill()
            process.join()
            process.close()
        if connection is not None:
            connection.close()

    def _start(self) -> Connection:
        if self._connection is not None:
            return self._connection
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=self._serve, args=(theirs, self._models, self._limits), daemon=True)
        self._process.start()
        theirs.close()
        return self._connection

    def _explain_wait(self, spent: float, allowed: float) -> str:
        if allowed - spent < self._limits.stall:
            return f"decoding took more than {allowed:.0f} s: given up"
        return f"decoding stood still for {self._limits.stall:.0f} s: given up"

    def _explain_death(self) -> str:
        process = self._process
        if process is None:
            return "the decoder crashed on it"
        process.join(5)
        code = process.exitcode or 0
        name = signal.Signals(-code).name if code < 0 else f"status {code}"
        return f"the decoder crashed on it ({name})"


def serve_decoder(connection: Connection, models: Path, limits: Limits) -> None:
    """Decode what is asked for until nothing more is; runs in the process of its own."""
    from search.models.registry import choose_models

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run says when to stop
    limit_memory(limits.memory * MEBIBYTE)
    prepare = choose_models(models, threads=1).picture.prepare
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            for message in prepare_file(connection.recv(), prepare):
                connection.send(message)


def limit_memory(size: int) -> None:
    """Let this process have no more address space than so many bytes."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = size if hard == resource.RLIM_INFINITY else min(size, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
