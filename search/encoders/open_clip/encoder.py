"""Any open_clip model as an image encoder."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from search.encoders.bank import read_bank_texts
from search.encoders.encoder import MAX_CACHED_QUERIES
from search.encoders.lazy import LazyModel
from search.encoders.manifest import (
    ManifestEncoder,
    ManifestFolder,
    ModelManifest,
    find_folder,
    join_fingerprint,
    keep_weights,
    weigh_files,
)
from search.encoders.open_clip.imports import choose_devices
from search.encoders.open_clip.loading import (
    ModelSource,
    find_source,
    find_tower,
    load_tokenizer,
    make_resize_crop,
    read_tower,
)
from search.encoders.open_clip.towers import CPU_BATCH, GPU_BATCH, TorchTowers
from search.encoders.runtime import Machine, Trial, measure_trials
from search.media.image.pillow import PilImage, make_noise
from search.media.image.transform import ResizeCrop
from search.records import Pixels, Retriever, Vectors

if TYPE_CHECKING:
    from search.encoders.open_clip.exported import Tokenize

# Substrings of the names of multilingual tokenizers and text encoders.
MULTILINGUAL = ("xlm", "mt5", "siglip2", "i18n", "nllb", "multilingual", "chinese", "gemma", "m2m")
# Every second text of the query bank is used: some of these models take 50 ms per text.
BANK_STEP = 2
# The runtimes are measured on this many generated images if the library has no images.
NOISE_IMAGES = 16


class Towers(Protocol):
    """The loaded image encoder and text encoder of a model, in any runtime."""

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """Embed images (n, height, width, 3) uint8; shape (n, d), float32, unit length."""

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts; shape (n, d), float32, unit length."""


class OpenClipImageEncoder(ManifestEncoder):
    """A model with a manifest; loaded at its first use."""

    def __init__(self, manifest: ModelManifest, folder: ManifestFolder, models: Path, machine: Machine) -> None:
        """Create an encoder without loading the model.

        Args:
            manifest: The manifest of the model.
            folder: The folder of the manifest.
            models: The models folder of the home.
            machine: The resources for the model.
        """
        super().__init__(manifest, folder)
        self._machine = machine
        load = partial(load_towers, manifest, folder, models, machine)
        self._towers: LazyModel[Towers] = LazyModel(load, machine.idle)
        self._encode_text = lru_cache(maxsize=MAX_CACHED_QUERIES)(self._encode_one)

    @property
    def parts(self) -> tuple[int, ...]:
        """A vector has one part."""
        return (self._manifest.dimension,)

    @property
    def reference(self) -> Vectors:
        """No reference images; shape (0, d)."""
        return np.zeros((0, self.dimension), np.float32)

    @cached_property
    def batch(self) -> int:
        """The preferred number of images per call: on GPUs two batches each, as one is copied while the other runs."""
        devices = choose_devices(self._machine.device)
        return CPU_BATCH if devices == ["cpu"] else 2 * GPU_BATCH * len(devices)

    @property
    def transform(self) -> ResizeCrop:
        """The resizing and cropping of the model."""
        assert self._manifest.transform is not None
        return self._manifest.transform

    def encode_images(self, prepared: Sequence[Pixels]) -> Vectors:
        """Embed prepared images; shape (n, d), float32, unit length."""
        with self._towers.use() as towers:
            return towers.encode_pixels(np.stack(prepared))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts, with a cache; shape (n, d), float32, unit length."""
        return np.stack([self._encode_text(text) for text in texts])

    def encode_text_parts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts as `encode_texts`, because the space has one part; shape (n, d), float32, unit length."""
        return self.encode_texts(texts)

    def _encode_one(self, text: str) -> Vectors:
        with self._towers.use() as towers:
            row: Vectors = towers.encode_texts([text])[0]
        return row


def load_towers(manifest: ModelManifest, folder: ManifestFolder, models: Path, machine: Machine) -> Towers:
    """Load a model in its fastest runtime.

    Args:
        manifest: The manifest of the model.
        folder: The folder of the manifest.
        models: The models folder of the home.
        machine: The resources for the model.

    Raises:
        ModelError: The weights are missing or have changed, or the model cannot be loaded.
    """
    keep_weights(manifest, folder)
    devices = choose_devices(machine.device)
    if manifest.is_exported_for(devices[0]):
        from search.encoders.open_clip.exported import ExportedTowers

        tokenize = _load_tokenizer(manifest, folder, models)
        return ExportedTowers(folder.path, manifest.precision, tokenize, machine.threads, devices[0])
    if devices != ["cpu"]:
        return TorchTowers(find_source(manifest.name, models), "fp16", devices, machine.threads)
    precision = manifest.precision if manifest.runtime.startswith("torch-") and manifest.device == "cpu" else "fp32"
    return TorchTowers(find_source(manifest.name, models), precision, devices, machine.threads)


def _load_tokenizer(manifest: ModelManifest, folder: ManifestFolder, models: Path) -> "Tokenize":
    """Return the exported tokenizer, or the tokenizer of open_clip if it could not be exported."""
    if manifest.settings:
        from search.encoders.open_clip.tokenizer_export import ExportedTokenizer

        return ExportedTokenizer(folder.path, manifest.settings)
    tokenizer = load_tokenizer(find_source(manifest.name, models))
    return lambda texts: tokenizer(list(texts)).numpy()


def describe_model(name: str, models: Path, machine: Machine, images: Sequence[PilImage]) -> ModelManifest:
    """Load a model once to write its manifest.

    Args:
        name: The model's name.
        models: The models folder of the home.
        machine: The resources for the model.
        images: Images of the library to measure the runtimes on. If there are none, generated images are used.

    Raises:
        ModelError: The model is not on this machine, or cannot be loaded.
    """
    source = find_source(name, models)
    text_config = find_tower(source)
    weights = weigh_files([source.checkpoint, *([text_config] if text_config else [])])
    towers = TorchTowers(source, "fp32", ["cpu"], machine.threads)
    transform = make_resize_crop(towers.preprocess)
    bank = towers.encode_texts(read_bank_texts()[::BANK_STEP])
    digests = [digest for _, _, digest in weights.values()]
    manifest = ModelManifest(
        name=name,
        role=Retriever.VISUAL,
        fingerprint=join_fingerprint(source.model, towers.preprocess, *digests),
        dimension=bank.shape[1],
        weights=weights,
        languages=find_languages(source),
        transform=transform,
    )
    if choose_devices(machine.device) == ["cpu"]:
        sample = np.stack([transform(image) for image in images or make_noise(NOISE_IMAGES)])
        manifest = _choose_runtime(manifest, source, towers, machine, sample)
    find_folder(models, name).write(manifest, bank)
    return manifest


def _choose_runtime(
    manifest: ModelManifest, source: ModelSource, towers: TorchTowers, machine: Machine, pixels: Pixels
) -> ModelManifest:
    """Return the manifest with the faster one of the CPU runtimes float32 and bfloat16."""
    bf16_towers = TorchTowers(source, "bf16", ["cpu"], machine.threads)
    trials = [Trial("torch-fp32", towers.encode_pixels), Trial("torch-bf16", bf16_towers.encode_pixels)]
    findings = measure_trials(trials, pixels)
    return replace(manifest, runtime=findings.best, runtimes=findings.rates)


def find_languages(source: ModelSource) -> tuple[str, ...]:
    """Return the languages of a model by its configuration and that of its text encoder; empty for many languages.

    Raises:
        ModelError: The configuration of the text encoder is not on this machine.
    """
    text = source.model.get("text_cfg", {})
    model_type = read_tower(source).get("model_type", "")
    names = f"{text.get('hf_tokenizer_name', '')} {text.get('hf_model_name', '')} {model_type}".lower()
    return () if any(substring in names for substring in MULTILINGUAL) else ("en",)
