"""The static files of the pages: their hash and the modules that a page loads."""

import hashlib
import re
from functools import lru_cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
# `import … from "./file.js"` and `export … from`, also over several lines. JSDoc imports start with an asterisk.
_IMPORT = re.compile(r'^(?:import|export)\b[^;"]*"(\.{1,2}/[^"]+\.js)"', re.MULTILINE)


@lru_cache
def hash_assets() -> str:
    """Return a short hash of the names and contents of all static files.

    The hash is part of the address of each file, so that browsers can cache the files forever.
    """
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(STATIC).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@lru_cache
def list_modules(entry: str) -> tuple[str, ...]:
    """Return the modules that an entry module imports, directly or not.

    A page names them in `modulepreload` links. The browser then requests all of them at once. Without the links it
    would find the imports of a module only after it has loaded the module.

    Args:
        entry: the path of the entry module, relative to the static folder.

    Returns:
        Paths relative to the static folder, in the order in which they are found, without the entry itself.

    Raises:
        FileNotFoundError: A module imports a file that does not exist.
    """
    modules = [entry]
    for name in modules:
        path = STATIC / name
        for imported in _IMPORT.findall(path.read_text(encoding="utf-8")):
            module = (path.parent / imported).resolve().relative_to(STATIC.resolve()).as_posix()
            if module not in modules:
                modules.append(module)
    return tuple(modules[1:])
