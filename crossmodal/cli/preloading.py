"""Load what a text query needs in the background, while the rest is imported and the catalog is opened.

A process that starts spends most of its time on imports, which use one processor. Hashing the weights, decompressing
them and preparing the graph do not hold the interpreter, so a second processor does them meanwhile.
"""

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from search.errors import CrossmodalError
from search.home import Home

if TYPE_CHECKING:
    from search.encoders.compact.towers import E5Encoder
    from search.open_home import OpenHome
    from search.settings import Settings


def preload(settings: "Settings") -> "E5Encoder":
    """Start to load the detection of languages and the bundled text encoder, which classifies every text query.

    Args:
        settings: The settings that the home is opened with.

    Returns:
        The encoder. Models that are opened while it is referenced share it.
    """
    from search.encoders.compact.towers import share_e5
    from search.encoders.runtime import Machine
    from search.text.language import load_in_background

    load_in_background(Home(settings.home).languages)
    e5 = share_e5(Machine(settings.threads, settings.device, settings.unload_after))
    # No daemon: a process that ends while ONNX Runtime opens a graph would crash.
    threading.Thread(target=_load, args=(e5,)).start()
    return e5


def preload_indexes(library: "OpenHome") -> None:
    """Start to load the indexes of a library, whose files are hashed before they are used."""
    threading.Thread(target=_load_indexes, args=(library,)).start()


def _load_indexes(library: "OpenHome") -> None:
    # The first search meets the same error, and reports it; the library may also be closed before it.
    with suppress(Exception):
        revision = library.catalog.read_revision()
        for index in library.indexes.values():
            index.refresh(revision)


def _load(e5: "E5Encoder") -> None:
    from search.encoders.compact.files import open_files

    # The first search meets the same error, and reports it.
    with suppress(CrossmodalError):
        e5.load()
        _ = open_files().image_bank
