"""Models that are worth trying, with what is published of them, and which of them are on this machine."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from search.encoders.manifest import FETCHED, ManifestFolder, find_folder
from search.encoders.registry import BUNDLED

PRESETS_FILE = Path(__file__).parent / "presets.json"
# What a model can be used for: by a retriever, or to transcribe speech.
ROLES = ("visual", "semantic", "speech")


@dataclass(frozen=True)
class Preset:
    """A model by name. role: one of `ROLES`; millions: of parameters; figures: R@1 by data set."""

    name: str
    role: str
    millions: int | None
    dimension: int | None
    languages: str
    figures: dict[str, float]
    note: str | None = None
    is_present: bool = False


@cache
def read_source() -> str:
    """Return where the published figures are from."""
    return str(_read()["source"])


def list_presets(models: Path) -> list[Preset]:
    """Return the presets, and after them what else the home has met. models: its folder of models."""
    found = [_make(role, one, models) for role in ROLES for one in _read()[role]]
    named = {one.name for one in found}
    for folder in sorted(path for path in models.glob("*") if path.is_dir()):
        manifest = ManifestFolder(folder).read()
        if manifest is not None and manifest.name not in named:
            languages = "English" if manifest.languages == ("en",) else "several"
            there = all(Path(name).exists() for name in manifest.weights)
            found.append(Preset(manifest.name, manifest.role, None, manifest.dimension, languages, {}, None, there))
    return found


def _make(role: str, one: dict[str, Any], models: Path) -> Preset:
    figures = {name: one[name] for name in ("flickr30k", "coco") if one.get(name) is not None}
    name = str(one["name"])
    there = name in BUNDLED or _is_fetched(name, models) or find_folder(models, name).read() is not None
    return Preset(name, role, one["millions"], one.get("dimension"), one["languages"], figures, one["note"], there)


def _is_fetched(name: str, models: Path) -> bool:
    folder = models / FETCHED
    return (folder / name.replace(":", "--").replace("/", "--")).is_dir() or (folder / f"whisper--{name}").is_dir()


@cache
def _read() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(PRESETS_FILE.read_text(encoding="utf-8"))
    return document
