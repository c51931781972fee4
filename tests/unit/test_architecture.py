"""The import rule and the homes of heavy libraries, read from the source."""

from pathlib import Path

import pytest

from crossmodal.cli.main import COMMANDS
from tests.support.source import NAME_OF_MODULE, read_source

ROOT = Path(__file__).parents[2]
ROOMS = {
    "search": {"search"},
    "indexer": {"indexer", "search"},
    "web": {"web", "search"},
    "crossmodal": {"crossmodal", "web", "indexer", "search"},
}
# Module or folder that alone may import the library.
HOMES = {
    "onnxruntime": ("search/encoders/onnx.py"),
    "faster_whisper": ("search/encoders/whisper/faster.py", "search/encoders/whisper/packed.py"),
    "ctranslate2": ("search/encoders/whisper/faster.py", "search/encoders/whisper/packed.py"),
    "whisper": ("search/encoders/whisper/original.py",),
    "sentence_transformers": ("search/encoders/sentence/loading.py",),
    "rapidocr": ("search/encoders/ocr/rapid.py",),
    "cv2": ("search/encoders/ocr/rapid.py",),
    "omegaconf": ("search/encoders/ocr/rapid.py",),
    "huggingface_hub": ("search/encoders/hub.py",),
    "py3langid": ("search/text/language.py",),
    "faiss": ("search/storage/faiss_index.py", "search/storage/faiss_build.py"),
    "sqlalchemy": ("search/storage/",),
    "alembic": ("search/storage/",),
    "av": ("search/media/recording/",),
    "PIL": ("search/media/image/"),
    "flask": ("web/",),
    "authlib": ("web/access/identity_provider.py",),
    "joserfc": ("web/access/identity_provider.py",),
    "brotli": ("web/compression.py",),
    "argon2": ("search/access/passwords.py",),
    "torch": ("search/encoders/open_clip/"),
    "timm": ("search/encoders/open_clip/",),
    "open_clip": ("search/encoders/open_clip/",),
    "Stemmer": ("search/storage/lexical/word_forms.py",),
    "rapidfuzz": ("search/storage/lexical/word_forms.py", "search/query/correction.py"),
    "dateparser": ("search/text/dates/reading.py",),
    "pypdfium2": ("search/media/document/", "indexer/decode/document/pdf"),
    "pysubs2": ("indexer/decode/document/subtitles.py",),
    "rawpy": ("search/media/image/raw.py",),
    "pillow_jxl": ("search/media/image/jxl.py",),
    "zipstream": ("web/api/archive.py",),
    "watchfiles": ("indexer/worker/watch.py",),
    "pathspec": ("search/exclusion.py",),
    "uvicorn": ("web/server/",),
    "flask_limiter": ("web/rate_limits.py",),
    "limits": ("web/rate_limits.py",),
    "h11": ("web/server/",),
    "httpx2": ("crossmodal/client/",),
    "mcp": ("crossmodal/mcp_server.py",),
}
# Imported only where used, so that a command that does not need them starts quickly.
LAZY = {"onnxruntime", "faster_whisper", "faiss", "av", "pypdfium2", "alembic", "Stemmer", "rapidfuzz", "watchfiles"}
LAZY |= {"whisper", "ctranslate2", "sentence_transformers", "huggingface_hub", "py3langid", "open_clip", "timm"}
LAZY |= {"rapidocr", "cv2", "omegaconf"}
LAZY |= {"argon2", "brotli", "authlib", "joserfc", "httpx", "rawpy", "pillow_jxl", "pysubs2", "pathspec", "dateparser"}
# What the folders of `search` do not import.
ABOVE = (
    "search.engine",
    "search.open_home",
    "search.paging",
    "search.active_models",
    "search.forget",
    "search.model_swap",
)
FORBIDDEN = {
    "search/encoders/": ("search.storage", "search.scoring", "search.retrieval", "search.query", *ABOVE),
    "search/storage/": ("search.encoders", "search.scoring", "search.retrieval", "search.query", *ABOVE),
    "search/scoring/": ("search.encoders", "search.storage", "search.retrieval", "search.query", *ABOVE),
    "search/access/": ("search.encoders", "search.scoring", "search.retrieval", "search.query", "search.engine"),
    "search/text/": ("search.encoders", "search.storage", "search.scoring", "search.retrieval", "search.query", *ABOVE),
    "search/media/": ("search.encoders", "search.storage", "search.scoring", "search.retrieval", *ABOVE),
    "search/records/": ("search.",),
}
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
# The only modules that import by name.
IMPORT_BY_NAME = ("crossmodal/cli/lazy_group.py", "search/media/sandbox.py")
# Where the project's own modules may be imported inside functions: commands must start quickly, each model has heavy
# separate libraries, and the model change decodes with the pipeline that starts it. A text query decodes nothing, so
# what decodes is imported when an image or a recording is a part of a query.
LAZY_IMPORTS = (
    "crossmodal/",
    "search/encoders/",
    "indexer/pipeline.py",
    "search/media/image/transform.py",
    "search/query/encoding.py",
    "search/query/part_encoding.py",
    "search/warm_up.py",
)


def list_imports(path: Path) -> frozenset[str]:
    """Return the modules that are imported, also by name."""
    source = read_source(path)
    return source.imports | source.named


def list_lazy_imports(path: Path) -> set[str]:
    """Return the project's own modules that are imported inside functions."""
    return {name for name in read_source(path).lazy if name.split(".")[0] in ROOMS}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_keeps_the_import_rule(path):
    name = str(path.relative_to(ROOT))
    room = name.split("/", maxsplit=1)[0]
    imports = list_imports(path)
    for other in set(ROOMS) - ROOMS[room]:
        assert not [one for one in imports if one.split(".")[0] == other], f"{name} imports {other}"
    for folder, forbidden in FORBIDDEN.items():
        if name.startswith(folder):
            outside = [one for one in imports if not one.startswith(folder.rstrip("/").replace("/", "."))]
            assert not [one for one in outside if one.startswith(forbidden)], f"{name} imports {outside}"
    for library, homes in HOMES.items():
        used = [one for one in imports if one.split(".")[0] == library]
        assert not used or name.startswith(homes), f"{library} is not at home in {name}"
    eager = {one.split(".")[0] for one in read_source(path).eager} & LAZY
    assert not eager or name.endswith("migrations/env.py") or "/versions/" in name


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_stays_readable(path):
    assert len(path.read_text().splitlines()) <= 320


def test_only_the_command_line_and_the_decoder_import_by_name():
    users = [str(path.relative_to(ROOT)) for path in MODULES if "importlib.import_module" in path.read_text()]
    assert set(users) <= set(IMPORT_BY_NAME)


def test_the_tables_of_commands_are_read_as_imports():
    imports = list_imports(ROOT / "crossmodal/cli/main.py")
    assert {module for module, _ in COMMANDS.values()} <= imports
    assert all((ROOT / f"{name.replace('.', '/')}.py").exists() for name in imports if NAME_OF_MODULE.fullmatch(name))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_imports_others_inside_functions_only_where_allowed(path):
    name = str(path.relative_to(ROOT))
    assert name.startswith(LAZY_IMPORTS) or not list_lazy_imports(path)


def test_the_rule_checker_sees_an_import_by_name(tmp_path):
    module = tmp_path / "bad.py"
    module.write_text('TABLE = {"serve": ("web.app", "Serve.")}\n')
    assert "web.app" in list_imports(module)


def test_the_rule_checker_sees_a_breach(tmp_path):
    module = tmp_path / "bad.py"
    module.write_text("def f():\n    import web.app\n")
    assert "web.app" in list_imports(module)
