"""Manifests of the models that were added to a home, so that a model can be described without loading it."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from search.encoders.compact.files import hash_file
from search.errors import ModelError
from search.media.image.transform import ResizeCrop
from search.records import Vectors

MANIFEST, BANK = "manifest.json", "bank.npy"
# The name of a manifest before version 0.2, and its names for what a model serves.
OLD_MANIFEST, OLD_ROLES = "card.json", {"picture": "visual", "meaning": "semantic"}
# The folder of downloaded models, in the models folder of a home.
FETCHED = "fetched"


@dataclass(frozen=True)
class ModelManifest:
    """A model of a home.

    Attributes:
        name: The name of the model.
        role: `visual` or `semantic`.
        fingerprint: A hash that changes when the vectors change.
        dimension: The length of a vector.
        weights: Size in bytes, time in nanoseconds and SHA-256 of each weights file, by path.
        languages: ISO 639-1 codes; empty for many languages.
        runtime: The fastest runtime on this machine, such as `torch-fp32` or `onnx-int8-dynamic`.
        device: The device of the runtime, `cpu` or `cuda`.
        runtimes: Images or texts per second by runtime.
        settings: Settings of an exported tokenizer.
        transform: The image transform of an image encoder.
    """

    name: str
    role: str
    fingerprint: str
    dimension: int
    weights: Mapping[str, tuple[int, int, str]]
    languages: tuple[str, ...] = ()
    runtime: str = "torch-fp32"
    device: str = "cpu"
    runtimes: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    transform: ResizeCrop | None = None

    def is_exported_for(self, device: str) -> bool:
        """Return whether ONNX was found to run it fastest on such a device (`cpu`, `cuda`, `cuda:1`)."""
        return self.runtime.startswith("onnx-") and self.device == device.partition(":")[0]

    @property
    def precision(self) -> str:
        """In which precision it runs, as `fp32`, `bf16` or `int8-dynamic`."""
        return self.runtime.partition("-")[2]

    @property
    def is_multilingual(self) -> bool:
        """True when it understands more than one language."""
        return len(self.languages) != 1


@dataclass(frozen=True)
class ManifestFolder:
    """The folder of a model in a home: its manifest, its exports and its query bank."""

    path: Path

    def write(self, manifest: ModelManifest, bank: Vectors | None = None) -> None:
        """Write a manifest, and the embedded bank of unrelated queries."""
        self.path.mkdir(parents=True, exist_ok=True)
        if bank is not None:
            np.save(self.path / BANK, bank)
        draft = self.path / f".{MANIFEST}.new"
        draft.write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=1), encoding="utf-8")
        draft.replace(self.path / MANIFEST)

    def read(self) -> ModelManifest | None:
        """Return the manifest; None if there is none that can be read."""
        try:
            document = self._read_document()
            fit = document.pop("transform")
            weights = {path: tuple(facts) for path, facts in document.pop("weights").items()}
            languages = tuple(document.pop("languages"))
            manifest = ModelManifest(
                **document, weights=weights, languages=languages, transform=None if fit is None else ResizeCrop(**fit)
            )
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return manifest

    def _read_document(self) -> dict[str, Any]:
        path = self.path / MANIFEST
        if path.exists():
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return document
        document = json.loads((self.path / OLD_MANIFEST).read_text(encoding="utf-8"))
        document["transform"] = document.pop("preparation")
        document["role"] = OLD_ROLES[document.pop("lane")]
        return document

    def read_bank(self) -> Vectors:
        """Return the embedded bank, shape (b, d). Raises ModelError when it is lost."""
        try:
            bank: Vectors = np.load(self.path / BANK)
        except (OSError, ValueError) as error:
            raise ModelError(f"{self.path / BANK} is damaged. Delete the folder; it is created again.") from error
        return bank


def find_folder(models: Path, name: str) -> ManifestFolder:
    """Return the folder of a model in the models folder of a home."""
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")[-60:]
    return ManifestFolder(models / f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}")


def weigh_files(paths: list[Path]) -> dict[str, tuple[int, int, str]]:
    """Return size, time and SHA-256 of files by path. Raises ModelError if one cannot be read."""
    found = {}
    for path in paths:
        try:
            facts = path.stat()
            found[str(path)] = (facts.st_size, facts.st_mtime_ns, hash_file(path))
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    return found


class ManifestEncoder:
    """The properties of a model that are known before it is loaded."""

    def __init__(self, manifest: ModelManifest, folder: ManifestFolder) -> None:
        """folder: the folder of the manifest."""
        self._manifest = manifest
        self._folder = folder

    @property
    def name(self) -> str:
        """The model's name, as it was chosen."""
        return self._manifest.name

    @property
    def fingerprint(self) -> str:
        """The hash of everything that shapes the vectors."""
        return self._manifest.fingerprint

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._manifest.dimension

    @property
    def runtime(self) -> str:
        """What runs it here."""
        return self._manifest.runtime

    @property
    def is_multilingual(self) -> bool:
        """Whether the model supports languages other than English."""
        return self._manifest.is_multilingual

    @cached_property
    def bank(self) -> Vectors:
        """Names of classes of things as queries, shape (b, d), unit length."""
        return self._folder.read_bank()


def keep_weights(manifest: ModelManifest, folder: ManifestFolder) -> None:
    """Check that the weights are those of the manifest, and keep it with new times where they were only copied.

    Raises ModelError when they are not.
    """
    known = check_weights(manifest)
    if known != manifest:
        folder.write(known)


def check_weights(manifest: ModelManifest) -> ModelManifest:
    """Return the manifest, with new times where files were only copied.

    Raises ModelError when a file is gone or is another one: vectors made from it would not fit those in the home.
    """
    weights = dict(manifest.weights)
    for name, (size, mtime_ns, digest) in manifest.weights.items():
        path = Path(name)
        try:
            facts = path.stat()
        except OSError as error:
            raise ModelError(
                f"{manifest.name} cannot be loaded: {name} cannot be read ({error.strerror}). Put the file back, or "
                "choose another model with `crossmodal models use`"
            ) from error
        if (facts.st_size, facts.st_mtime_ns) == (size, mtime_ns):
            continue
        if facts.st_size != size or hash_file(path) != digest:
            raise ModelError(
                f"{name} is not the file that this home was filled with: put the old one back, or name it otherwise "
                "and choose it with `crossmodal models use`"
            )
        weights[name] = (size, facts.st_mtime_ns, digest)
    return replace(manifest, weights=weights)


def join_fingerprint(*parts: object) -> str:
    """Return a short hash of everything that shapes a model's vectors."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
