"""Decoders in processes of their own: one that hangs, crashes or eats memory costs its file, not the run."""

import contextlib
import ctypes
import importlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Protocol

from indexer.decode.preprocess import Failed, Finished, Messages, prepare_file
from search.errors import HomeError
from search.media.image.transform import ImageTransform
from search.records import FileFacts

MEBIBYTE = 2**20
# How long a process may take to start, in seconds, and what it says when it has.
STARTING = 120.0
READY = "ready"
NICENESS = 10
# Of malloc(3): the size from which memory is the system's own business, how much may lie idle, how much is taken ahead.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
LARGE = 32 * MEBIBYTE
CHILD = "import sys; from indexer.decode.sandbox import run_child; run_child(sys.argv[1], int(sys.argv[2]))"


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


Serve = Callable[[Connection, ImageTransform, Limits], None]


class Decoder(Protocol):
    """What turns files into messages."""

    def decode(self, file: FileFacts, images_only: bool = False) -> Messages:
        """Return what the models need of a file; the last message is `Finished` or `Failed`."""

    def close(self) -> None:
        """Let go of what it holds."""


class InlineDecoder:
    """Decodes in this process: nothing is limited. For tests of what comes after."""

    def __init__(self, prepare: ImageTransform) -> None:
        self._prepare = prepare

    def decode(self, file: FileFacts, images_only: bool = False) -> Messages:
        """Return what the models need of a file."""
        return prepare_file(file, self._prepare, images_only)

    def close(self) -> None:
        """Do nothing."""


class Sandbox:
    """Decodes in a process of its own, started when first needed and again after each that had to be killed."""

    def __init__(self, prepare: ImageTransform, limits: Limits, serve: Serve | None = None) -> None:
        """prepare: how pictures are cut, a plain value that can be sent to a process; serve: what is run there."""
        self._serve = serve or serve_decoder
        self._prepare = prepare
        self._limits = limits
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def decode(self, file: FileFacts, images_only: bool = False) -> Messages:
        """Return what the models need of a file; what goes beyond the limits, or crashes, has failed.

        Raises HomeError when no process can be started: that is no fault of the file.
        """
        connection = self._start()
        ended = False
        try:
            connection.send((file, images_only))
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
            yield Failed(f"the decoder crashed on it ({self._explain_death()})")
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
            process.wait()
        if connection is not None:
            connection.close()

    def _start(self) -> Connection:
        """Return the connection to the process, started if there is none."""
        if self._connection is not None:
            return self._connection
        ours, theirs = socket.socketpair()
        with theirs:
            name = f"{self._serve.__module__}:{self._serve.__qualname__}"
            # Not by multiprocessing: that would run the program anew which imports this, whatever it is.
            process = subprocess.Popen(
                [sys.executable, "-c", CHILD, name, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
                start_new_session=True,  # Ctrl-C is for the run, which says when to stop
            )
        with self._lock:
            self._process, self._connection = process, Connection(ours.detach())
        connection = self._connection
        try:
            connection.send((self._prepare, self._limits))
            if not connection.poll(STARTING):
                raise EOFError
            connection.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            death = self._explain_death()
            self.close()
            raise HomeError(f"a process for decoding files cannot be started ({death})") from error
        return connection

    def _explain_wait(self, spent: float, allowed: float) -> str:
        if allowed - spent < self._limits.stall:
            return f"decoding took more than {allowed:.0f} s: given up"
        return f"decoding stood still for {self._limits.stall:.0f} s: given up"

    def _explain_death(self) -> str:
        try:
            code = self._process.wait(5) if self._process is not None else 0
        except subprocess.TimeoutExpired:
            return "it does not answer"
        return signal.Signals(-code).name if code < 0 else f"status {code}"


def run_child(name: str, descriptor: int) -> None:
    """Run what a sandbox named, in the process that it started."""
    module, function = name.split(":")
    serve: Serve = getattr(importlib.import_module(module), function)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError), Connection(descriptor) as connection:
        prepare, limits = connection.recv()
        serve(connection, prepare, limits)


def serve_decoder(connection: Connection, prepare: ImageTransform, limits: Limits) -> None:
    """Decode what is asked for until nothing more is; runs in the process of its own."""
    limit_memory(limits.memory * MEBIBYTE)
    tune_malloc()
    # The model's threads wait for one another: a decoder in the way of one would hold up all of them.
    os.nice(NICENESS)
    connection.send(READY)
    while True:
        file, images_only = connection.recv()
        for message in prepare_file(file, prepare, images_only):
            connection.send(message)


def tune_malloc() -> None:
    """Let this process keep what it frees for what it takes next.

    Taken from the system anew for every picture, page by page, memory costs a decoder a fifth of its time, and the run
    that receives its pictures half of what that takes. What is larger than `LARGE` is given back at once all the same.
    """
    if sys.platform == "linux" and (tune := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:  # musl has none
        tune(M_MMAP_THRESHOLD, LARGE)
        tune(M_TRIM_THRESHOLD, 2 * LARGE)
        tune(M_TOP_PAD, LARGE // 4)


def limit_memory(size: int) -> None:
    """Let this process have no more address space than so many bytes."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = size if hard == resource.RLIM_INFINITY else min(size, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
