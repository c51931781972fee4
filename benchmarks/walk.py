"""List the modules that run while one JPEG is indexed and while one text query is answered.

    python -m benchmarks.walk

A reader who follows a file from the disk to its row, or a query from its words to its results, has to open these
modules. Loading the models is not recorded: an image is indexed and a query is answered before recording starts. Plain
records, errors, settings and the command line are excluded.
"""

import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from indexer.pipeline import Options, run_index
from search.engine import Engine
from search.media.image.pillow import make_noise
from search.open_home import open_home
from search.records import Query
from search.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
EXCLUDED = (
    "search/records/",
    "indexer/decode/content.py",
    "indexer/decode/family.py",
    "search/errors.py",
    "search/settings.py",
    "crossmodal/",
    "benchmarks/",
)
# Code objects that are not functions: they run when a module is imported.
IMPORT_CODE = {"<module>"}


@contextmanager
def record_modules(modules: set[str]) -> Iterator[None]:
    """Record the project files whose functions are called inside the block, also in threads that it starts.

    Args:
        modules: The set to add the paths to, relative to the project.

    Yields:
        Nothing.
    """

    def record_call(frame: FrameType, event: str, _argument: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(f"{ROOT}/") and code.co_name not in IMPORT_CODE:
            modules.add(code.co_filename.removeprefix(f"{ROOT}/"))

    threading.setprofile(record_call)
    sys.setprofile(record_call)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]


def report(title: str, modules: set[str]) -> None:
    """Print the modules of a walk and their number."""
    included = sorted(name for name in modules if not name.startswith((*EXCLUDED, ".venv/")))
    packages = Counter(name.split("/")[0] for name in included)
    shares = ", ".join(f"{count} in {package}" for package, count in sorted(packages.items()))
    print(f"{title}: {len(included)} modules ({shares})")
    for name in included:
        print(f"  {name}")


def main() -> None:
    """Record both walks in a temporary home and print them."""
    indexing: set[str] = set()
    answering: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        source.mkdir()
        first, second = make_noise(2)
        library = open_home(Settings(home=Path(folder) / "home"), create=True)
        engine = Engine(library)
        # Decoding in this process runs the same modules as in the sandbox, and can be recorded.
        options = Options(workers=1, sandbox=False)
        try:
            first.save(source / "first.jpg")
            run_index(library, [source], options, lambda *_: None)
            engine.search(Query(text="a quiet harbor"))
            second.save(source / "second.jpg")
            with record_modules(indexing):
                run_index(library, [source], options, lambda *_: None)
            with record_modules(answering):
                engine.search(Query(text="a red bicycle"))
        finally:
            library.close()
    report("Indexing one JPEG", indexing)
    report("Answering one text query", answering)


if __name__ == "__main__":
    main()
