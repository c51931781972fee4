"""What the tests of the layout read from the source of the project."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# A module name in a string, as in the tables of commands: an import by name.
NAME_OF_MODULE = re.compile(r"(crossmodal|web|indexer|search)(\.[a-z_0-9]+)+")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Source:
    """What a module imports and how its docstrings begin.

    Attributes:
        imports: The modules that it imports anywhere.
        eager: Those that it imports as it is loaded.
        lazy: Those that its functions import with `from`.
        named: The names of modules in its strings.
        first_words: The line and the first word of each docstring.
    """

    imports: frozenset[str]
    eager: frozenset[str]
    lazy: frozenset[str]
    named: frozenset[str]
    first_words: tuple[tuple[int, str], ...]


@cache
def read_source(path: Path) -> Source:
    """Read a module; each file is parsed once."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    inner = [node for function in functions for node in ast.walk(function) if isinstance(node, ast.ImportFrom)]
    strings = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    docstrings = [
        (node.body[0].lineno, words[0])
        for node in nodes
        if isinstance(node, _DOCUMENTED) and (words := (ast.get_docstring(node) or "").split())
    ]
    return Source(
        imports=_list_names(nodes),
        eager=_list_names(tree.body),
        lazy=_list_names(inner),
        named=frozenset(filter(NAME_OF_MODULE.fullmatch, strings)),
        first_words=tuple(docstrings),
    )


def _list_names(nodes: list[ast.stmt] | list[ast.AST] | list[ast.ImportFrom]) -> frozenset[str]:
    """Return the modules that are imported by some nodes."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return frozenset(found)
