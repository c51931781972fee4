"""Recommended models with their published figures, and whether they are on this machine."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from search.encoders.manifest import FETCHED, ManifestFolder, find_folder
from search.encoders.registry import BUNDLED

PRESETS_FILE = Path(__file__).parent / "presets.json"
# The roles of models: a retriever, or the transcription of speech.
ROLES = ("visual", "semantic", "speech")


@dataclass(frozen=True)
class Preset:
    """A recommended model.

    Attributes:
        name: The model's name.
        role: `visual`, `semantic` or `speech`.
        millions: Millions of parameters, if known.
        dimension: The length of a vector; null for speech.
        languages: The supported languages, for display.
        figures: The published R@1 from 0 to 1, by data set.
        note: A remark for display.
        is_present: Whether the model is on this machine.
    """

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
    """Return the source of the published figures, for display."""
    return str(_read()["source"])


def list_presets(models: Path) -> list[Preset]:
    """Return the recommended models, followed by the other models that have a manifest in a home.

    Args:
        models: The models folder of the home.
    """
    presets = [_make_preset(role, entry, models) for role in ROLES for entry in _read()[role]]
    names = {preset.name for preset in presets}
    for folder in sorted(path for path in models.glob("*") if path.is_dir()):
        manifest = ManifestFolder(folder).read()
        if manifest is not None and manifest.name not in names:
            languages = "English" if manifest.languages == ("en",) else "several"
            is_present = all(Path(name).exists() for name in manifest.weights)
            dimension = manifest.dimension
            presets.append(Preset(manifest.name, manifest.role, None, dimension, languages, {}, None, is_present))
    return presets


def _make_preset(role: str, entry: dict[str, Any], models: Path) -> Preset:
    name = str(entry["name"])
    return Preset(
        name,
        role,
        entry["millions"],
        entry.get("dimension"),
        entry["languages"],
        {data_set: entry[data_set] for data_set in ("flickr30k", "coco") if entry.get(data_set) is not None},
        entry["note"],
        name in BUNDLED or _is_fetched(name, models) or find_folder(models, name).read() is not None,
    )


def _is_fetched(name: str, models: Path) -> bool:
    folder = models / FETCHED
    return (folder / name.replace(":", "--").replace("/", "--")).is_dir() or (folder / f"whisper--{name}").is_dir()


@cache
def _read() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(PRESETS_FILE.read_text(encoding="utf-8"))
    return document
