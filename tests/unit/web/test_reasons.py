"""Every reason of the ledger and message of a job has a translation, so that a page has only one language."""

import ast
from pathlib import Path

import pytest

from web.texts import LANGUAGES, read_reasons

ROOT = Path(__file__).parents[3]
SOURCES = (
    "indexer",
    "search/media",
    "search/paths.py",
    "search/serializers.py",
    "search/storage/hidden_items.py",
    "search/storage/jobs.py",
)
# What takes a reason, and names of variables and functions that hold or return one.
CALLS = {
    "UnreadableMediaError",
    "MediaLimitError",
    "skip_folder",
    "skip_file",
    "_make_problem",
    "Problem",
    "Attachment",
}
CONSTANTS = {
    "ADVICE",
    "REASON",
    "REMARK",
    "MESSAGE",
    "HIDDEN",
    "UNFINISHED",
    "TEMPORARY",
    "BACKUP",
    "LOCK",
    "TRASH",
    "DESKTOP",
}
FUNCTIONS = ("explain", "remark", "reason", "damage")
# Messages about a query or a clip, which are no reasons of the ledger.
NOT_STORED = ("The clip is larger", "The voice query is longer")


def read_template(node):
    """Return the text of a string, with `{}` in place of each value; None if it is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def list_templates(node):
    template = read_template(node)
    if template is not None:
        yield template
    elif not isinstance(node, ast.Subscript):
        for child in ast.iter_child_nodes(node):
            yield from list_templates(child)


def list_holders(tree):
    """Yield the expressions of a module that are reasons."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in CALLS:
            yield from (*node.args, *(keyword.value for keyword in node.keywords))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("remarks.append"):
            yield from node.args
        elif isinstance(node, ast.keyword) and node.arg in {"remark", "reason"}:
            yield node.value
        elif isinstance(node, ast.FunctionDef) and any(word in node.name for word in FUNCTIONS):
            yield from (part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value)
        elif isinstance(node, ast.Assign):
            names = {word for target in node.targets for word in ast.unparse(target).strip("(_)").upper().split("_")}
            if names & CONSTANTS:
                yield node.value


def list_reasons():
    paths = [ROOT / name for name in SOURCES]
    files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*.py")))]
    found = {
        template
        for file in files
        for holder in list_holders(ast.parse(file.read_text(encoding="utf-8")))
        for template in list_templates(holder)
    }
    return {
        text
        for text in found
        if " " in text.strip() and any(map(str.isalpha, text)) and not text.startswith(NOT_STORED)
    }


def test_reasons_are_found():
    assert {"hidden from the library", "the same file as {}", "in the trash", "cannot be decoded: {}"} <= list_reasons()


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_reason_is_translated_with_all_its_values(language):
    reasons = read_reasons(language)
    assert list_reasons() - reasons.keys() == set(), f"add them to web/texts/reasons/{language}.json"
    assert [text for text, translation in reasons.items() if text.count("{}") != translation.count("{}")] == []
