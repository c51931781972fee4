"""Manifests: the properties of the models that were added to a home, readable without loading a model."""

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
# The file name of a manifest before version 0.2, and its old names of the roles.
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
        weights: Size in bytes, modification time in nanoseconds and SHA-256 of each weights file, by path.
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
        """Return whether an ONNX export is the fastest runtime on a device (`cpu`, `cuda` or `cuda:1`)."""
        return self.runtime.startswith("onnx-") and self.device == device.partition(":")[0]

    @property
    def precision(self) -> str:
        """The precision of the runtime, such as `fp32`, `bf16` or `int8-dynamic`."""
        return self.runtime.partition("-")[2]

    @property
    def is_multilingual(self) -> bool:
        """Whether the model supports more than one language."""
        return len(self.languages) != 1


@dataclass(frozen=True)
class ManifestFolder:
    """The folder of a model in a home, with its manifest, its exports and its query bank.

    Attributes:
        path: The folder.
    """

    path: Path

    def write(self, manifest: ModelManifest, bank: Vectors | None = None) -> None:
        """Write a manifest atomically.

        Args:
            manifest: The manifest.
            bank: The embedded query bank, shape (b, d); None keeps the stored one.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if bank is not None:
            np.save(self.path / BANK, bank)
        temporary = self.path / f".{MANIFEST}.new"
        temporary.write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=1), encoding="utf-8")
        temporary.replace(self.path / MANIFEST)

    def read(self) -> ModelManifest | None:
        """Return the manifest; None if it is missing or damaged."""
        try:
            document = self._read_document()
            settings = document.pop("transform")
            manifest = ModelManifest(
                weights={path: tuple(state) for path, state in document.pop("weights").items()},
                languages=tuple(document.pop("languages")),
                transform=None if settings is None else ResizeCrop(**settings),
                **document,
            )
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return manifest

    def _read_document(self) -> dict[str, Any]:
        """Return the content of the manifest file, converted from the format before version 0.2 if necessary."""
        path = self.path / MANIFEST
        if path.exists():
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return document
        document = json.loads((self.path / OLD_MANIFEST).read_text(encoding="utf-8"))
        document["transform"] = document.pop("preparation")
        document["role"] = OLD_ROLES[document.pop("lane")]
        return document

    def read_bank(self) -> Vectors:
        """Return the embedded query bank, shape (b, d).

        Raises:
            ModelError: The file is missing or damaged.
        """
        try:
            bank: Vectors = np.load(self.path / BANK)
        except (OSError, ValueError) as error:
            raise ModelError(f"{self.path / BANK} is damaged. Delete the folder; it is created again.") from error
        return bank


def find_folder(models: Path, name: str) -> ManifestFolder:
    """Return the folder of a model in the models folder of a home."""
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")[-60:]
    return ManifestFolder(models / f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}")


def weigh_files(paths: list[Path]) -> dict[str, tuple[int, int, str]]:
    """Return the size in bytes, the modification time in nanoseconds and the SHA-256 of files, by path.

    Raises:
        ModelError: A file cannot be read.
    """
    states = {}
    for path in paths:
        try:
            stat = path.stat()
            states[str(path)] = (stat.st_size, stat.st_mtime_ns, hash_file(path))
        except OSError as error:
            raise ModelError(f"Cannot read {path}: {error.strerror}.") from error
    return states


class ManifestEncoder:
    """The properties of a model that are known before it is loaded."""

    def __init__(self, manifest: ModelManifest, folder: ManifestFolder) -> None:
        """Create an encoder for a manifest.

        Args:
            manifest: The manifest.
            folder: The folder of the manifest.
        """
        self._manifest = manifest
        self._folder = folder

    @property
    def name(self) -> str:
        """The name by which the model was chosen."""
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
        """The runtime on this machine, such as `torch-fp32`."""
        return self._manifest.runtime

    @property
    def is_multilingual(self) -> bool:
        """Whether the model supports languages other than English."""
        return self._manifest.is_multilingual

    @cached_property
    def bank(self) -> Vectors:
        """The embedded query bank, shape (b, d), float32, unit length."""
        return self._folder.read_bank()


def keep_weights(manifest: ModelManifest, folder: ManifestFolder) -> None:
    """Check the weights files, and update their modification times in the manifest if they were only copied.

    Raises:
        ModelError: A file is missing or its content changed.
    """
    checked = check_weights(manifest)
    if checked != manifest:
        folder.write(checked)


def check_weights(manifest: ModelManifest) -> ModelManifest:
    """Check the weights files of a manifest. Files are only hashed if their modification time changed.

    Returns:
        The manifest with the current modification times.

    Raises:
        ModelError: A file is missing or its content changed, so that its vectors would not fit those of the home.
    """
    weights = dict(manifest.weights)
    for name, (size, mtime_ns, digest) in manifest.weights.items():
        path = Path(name)
        try:
            stat = path.stat()
        except OSError as error:
            raise ModelError(
                f"Cannot load {manifest.name}: cannot read {name} ({error.strerror}). Restore the file, or "
                "choose another model with `crossmodal models use`."
            ) from error
        if (stat.st_size, stat.st_mtime_ns) == (size, mtime_ns):
            continue
        if stat.st_size != size or hash_file(path) != digest:
            raise ModelError(
                f"Cannot load {manifest.name}: the content of {name} changed since this home was indexed. Restore the "
                "old file, or store the new one under another name and choose it with `crossmodal models use`."
            )
        weights[name] = (size, stat.st_mtime_ns, digest)
    return replace(manifest, weights=weights)


def join_fingerprint(*parts: object) -> str:
    """Return a short hash of everything that shapes a model's vectors."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
