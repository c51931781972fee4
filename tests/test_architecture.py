"""The import rule and the homes of heavy libraries, read from the source."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = {"search": {"search"}, "indexer": {"indexer", "search"}, "web": {"web", "search"}}
# Module or folder that alone may import the library.
HOMES = {
    "onnxruntime": ("search/models/onnx.py", "search/models/compact/training/"),
    "faster_whisper": ("search/models/whisper/faster.py",),
    "ctranslate2": ("search/models/whisper/faster.py",),
    "whisper": ("search/models/whisper/original.py",),
    "sentence_transformers": ("search/models/sentence/loading.py",),
    "huggingface_hub": ("search/models/hub.py",),
    "py3langid": ("search/models/language.py",),
    "faiss": ("search/store/vectors.py",),
    "sqlalchemy": ("search/store/",),
    "alembic": ("search/store/",),
    "av": ("search/media/container.py",),
    "PIL": ("search/media/picture/", "search/models/compact/training/"),
    "flask": ("web/",),
    "torch": ("search/models/open_clip/", "search/models/compact/training/"),
    "timm": ("search/models/open_clip/",),
    "open_clip": ("search/models/open_clip/",),
    "Stemmer": ("search/store/words/forms.py",),
    "rapidfuzz": ("search/store/words/forms.py", "search/query/correction.py"),
    "pypdfium2": ("indexer/decoders/document/pdf.py",),
    "pysubs2": ("indexer/decoders/document/subtitles.py",),
    "docx": ("indexer/decoders/document/",),
    "pptx": ("indexer/decoders/document/",),
    "openpyxl": ("indexer/decoders/document/",),
    "rawpy": ("search/media/picture/raw.py",),
    "imagecodecs": ("search/media/picture/jxl.py",),
    "zipstream": ("web/api/archive.py",),
    "watchfiles": ("indexer/watch.py",),
}
# Imported only where used, so that a command that does not need them starts quickly.
LAZY = {"onnxruntime", "faster_whisper", "faiss", "av", "pypdfium2", "alembic", "Stemmer", "rapidfuzz", "watchfiles"}
LAZY |= {"whisper", "ctranslate2", "sentence_transformers", "huggingface_hub", "py3langid", "open_clip", "timm"}
LAZY |= {"rawpy", "imagecodecs", "pptx", "openpyxl", "docx", "pysubs2"}
INSIDE = (
    ("search/models/", ("search.store", "search.ranking", "search.engine", "search.library")),
    ("search/store/", ("search.models", "search.ranking", "search.engine", "search.library")),
    ("search/query/", ("search.models", "search.store", "search.engine", "search.library")),
    ("search/ranking/", ("search.models", "search.store", "search.engine", "search.library")),
)
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def list_imports(path: Path, top_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_only else list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_keeps_the_import_rule(path):
    name = str(path.relative_to(ROOT))
    room = name.split("/", maxsplit=1)[0]
    imports = list_imports(path)
    for other in set(ROOMS) - ROOMS[room]:
        assert not [one for one in imports if one.split(".")[0] == other], f"{name} imports {other}"
    for folder, forbidden in INSIDE:
        if name.startswith(folder):
            assert not [one for one in imports if one.startswith(forbidden)]
    for library, homes in HOMES.items():
        used = [one for one in imports if one.split(".")[0] == library]
        assert not used or name.startswith(homes), f"{library} is not at home in {name}"
    eager = {one.split(".")[0] for one in list_imports(path, top_only=True)} & LAZY
    assert not eager or name.endswith("migrations/env.py") or "/versions/" in name


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_stays_readable(path):
    assert len(path.read_text().splitlines()) <= 320


def test_the_rule_checker_sees_a_breach(tmp_path):
    module = tmp_path / "bad.py"
    module.write_text("def f():\n    import web.app\n")
    assert "web.app" in list_imports(module)
