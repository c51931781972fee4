"""Find an open_clip model by its name and load it, without downloading anything."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.encoders.manifest import FETCHED
from search.encoders.open_clip.imports import import_open_clip, import_timm
from search.errors import ModelError, find_reason
from search.media.image.transform import ResizeCrop

# The prefixes of model names: a folder, and a repository on the Hugging Face hub.
LOCAL = "local-dir:"
HUB = "hf-hub:"
CONFIG = "open_clip_config.json"
# The configuration of a text encoder from transformers, in the same folder.
TOWER = "config.json"


@dataclass(frozen=True)
class ModelSource:
    """The files and settings of a model.

    Attributes:
        architecture: An architecture of open_clip, or `local-dir:` and a folder.
        checkpoint: The weights file.
        preprocess: The image settings of open_clip.
        model: The model configuration of open_clip.
    """

    architecture: str
    checkpoint: Path
    preprocess: dict[str, Any]
    model: dict[str, Any]


def find_source(name: str, models: Path) -> ModelSource:
    """Find the files of a model by its name.

    Args:
        name: `architecture/tag`, `architecture/path/of/weights`, `local-dir:folder` or `hf-hub:id`.
        models: The models folder of the home.

    Raises:
        ModelError: The model is not on this machine.
    """
    if name.startswith(LOCAL):
        return _find_local(name)
    downloaded = models / FETCHED / name_fetched(name)
    if (downloaded / CONFIG).is_file():
        return _find_local(f"{LOCAL}{downloaded}")
    if name.startswith(HUB):
        raise ModelError(_explain_missing(name))
    architecture, _, pretrained = name.partition("/")
    open_clip = import_open_clip()
    if architecture not in open_clip.list_models():
        raise ModelError(f"open_clip has no architecture {architecture!r}. List some with `crossmodal models list`.")
    checkpoint = Path(pretrained).expanduser()
    if pretrained and checkpoint.is_file():
        preprocess = find_preprocess(architecture)
        return ModelSource(architecture, checkpoint.absolute(), preprocess, open_clip.get_model_config(architecture))
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if pretrained in tags:
        raise ModelError(_explain_missing(name))
    if "/" in pretrained:
        raise ModelError(f"{pretrained} is not a file. Pass the weights as {architecture}//path/of/file.")
    published = f"Use one of {', '.join(tags)}." if tags else "No weights are published for it."
    raise ModelError(f"{architecture} has no weights {pretrained!r}. {published}")


def name_fetched(name: str) -> str:
    """Return the folder name of a downloaded model."""
    return name.replace(":", "--").replace("/", "--")


def _explain_missing(name: str) -> str:
    return (
        f"{name} is not on this machine. Download it with `crossmodal models get {name}`, or pass local weights as "
        "ARCHITECTURE//path/of/weights or local-dir:/folder."
    )


def find_preprocess(architecture: str) -> dict[str, Any]:
    """Return the image settings of an architecture, for a weights file that does not contain them.

    Args:
        architecture: The architecture.

    Returns:
        The settings that all published weights of the architecture share; empty if no weights are published.

    Raises:
        ModelError: The published weights of the architecture have different image settings.
    """
    open_clip = import_open_clip()
    distinct: list[dict[str, Any]] = []
    for tag in open_clip.list_pretrained_tags_by_model(architecture):
        config = open_clip.get_pretrained_cfg(architecture, tag)
        settings = {key: config[key] for key in ("mean", "std", "interpolation", "resize_mode") if key in config}
        if settings not in distinct:
            distinct.append(settings)
    if len(distinct) > 1:
        raise ModelError(
            f"The image transform of {architecture} depends on the weights. Put them into a folder with an "
            f"{CONFIG} and use {LOCAL}FOLDER."
        )
    return distinct[0] if distinct else {}


def _find_local(name: str) -> ModelSource:
    folder = Path(name.removeprefix(LOCAL)).expanduser().absolute()
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        model = dict(config["model_cfg"])
    except OSError as error:
        raise ModelError(f"Cannot read {folder / CONFIG}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / CONFIG} is not a configuration of open_clip: {error}.") from error
    import_open_clip()
    from open_clip.factory import _find_checkpoint_in_dir

    with _quiet():
        checkpoint = _find_checkpoint_in_dir(folder)
    if checkpoint is None:
        raise ModelError(f"{folder} contains no weights (*.safetensors, *.bin or *.pth).")
    return ModelSource(f"{LOCAL}{folder}", Path(checkpoint), config.get("preprocess_cfg", {}), model)


def load_model(source: ModelSource) -> Any:
    """Load the image encoder and the text encoder in float32 on the CPU, in evaluation mode.

    Args:
        source: The files and settings of the model.

    Returns:
        The open_clip model.

    Raises:
        ModelError: The weights do not match the architecture, or the configuration of the text encoder is missing.
    """
    open_clip = import_open_clip()
    is_local = source.architecture.startswith(LOCAL)
    settings = {}
    if (text_config := find_tower(source)) is not None:
        overrides = {"hf_model_name": str(text_config.parent), "hf_model_pretrained": False}
        settings["text_cfg"] = source.model["text_cfg"] | overrides
    try:
        with _quiet():
            model = open_clip.create_model(
                source.architecture,
                pretrained=None if is_local else str(source.checkpoint),
                force_preprocess_cfg=source.preprocess,
                # Do not download the initial weights of the image encoder and the text encoder.
                pretrained_image=False,
                pretrained_text=False,
                **settings,
            )
    except Exception as error:  # torch, safetensors and pickle raise many types
        raise ModelError(
            f"{source.checkpoint} cannot be loaded as {source.architecture}: {find_reason(error)}"
        ) from error
    model.eval()
    visual = model.visual
    if any(hasattr(module, "reparameterize") for module in visual.modules()):
        # Merge branches that are only separate in training: the model is faster and computes the same vectors.
        model.visual = import_timm().utils.reparameterize_model(visual)
    from search.encoders.open_clip.pruning import prune_last_block

    prune_last_block(model.visual)
    return model


def load_tokenizer(source: ModelSource) -> Any:
    """Load the tokenizer of a model by open_clip; it truncates texts at the context length.

    Args:
        source: The files and settings of the model.

    Raises:
        ModelError: Files of the tokenizer are missing. (If only some are, transformers loads a tokenizer with too few
            tokens instead of raising an error.)
    """
    open_clip = import_open_clip()
    text = source.model.get("text_cfg", {})
    name = text.get("hf_tokenizer_name")
    files = f"the files of {name or source.architecture} (tokenizer_config.json, tokenizer.json or its vocabulary)"
    try:
        with _quiet():
            tokenizer = open_clip.get_tokenizer(source.architecture, **({"local_files_only": True} if name else {}))
    except Exception as error:  # transformers raises many types
        raise ModelError(f"{_explain_needed(source, 'tokenizer', files)} ({find_reason(error)})") from error
    vocabulary_size = text.get("vocab_size") or read_tower(source).get("vocab_size", 0)
    if name and len(tokenizer.tokenizer) < vocabulary_size / 2:
        sizes = f"it has {len(tokenizer.tokenizer)} tokens, the model {vocabulary_size}"
        raise ModelError(f"{_explain_needed(source, 'tokenizer', files)} ({sizes})")
    return tokenizer


def read_tower(source: ModelSource) -> dict[str, Any]:
    """Return the configuration of a text encoder from transformers; empty if the text encoder is from open_clip.

    Raises:
        ModelError: The configuration is not on this machine.
    """
    path = find_tower(source)
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path else {}
    return config


def find_tower(source: ModelSource) -> Path | None:
    """Return the configuration file of a text encoder from transformers, which open_clip would download.

    Returns:
        The file; None if the text encoder is from open_clip.

    Raises:
        ModelError: The configuration is not on this machine.
    """
    name = source.model.get("text_cfg", {}).get("hf_model_name")
    if not name:
        return None
    folders = [Path(name)]
    if source.architecture.startswith(LOCAL):
        folders.append(Path(source.architecture.removeprefix(LOCAL)))
    for folder in folders:
        if (folder / TOWER).is_file():
            return folder / TOWER
    from transformers.utils.hub import cached_file

    message = _explain_needed(source, "text encoder", f"{TOWER} of {name}")
    try:
        cached = cached_file(name, TOWER, local_files_only=True)
    except OSError as error:
        raise ModelError(message) from error
    if cached is None:
        raise ModelError(message)
    return Path(cached)


def _explain_needed(source: ModelSource, part: str, files: str) -> str:
    """Return the message about the missing files of a part of a model, and how to add them."""
    if source.architecture.startswith(LOCAL):
        return f"The {part} of {source.architecture} is incomplete. Put {files} into that folder"
    return (
        f"The {part} of {source.architecture} is not on this machine. Download the whole model with `crossmodal models "
        f"get`, or put {files} into a folder with the weights and an {CONFIG} and use {LOCAL}FOLDER"
    )


def make_resize_crop(preprocess: dict[str, Any]) -> ResizeCrop:
    """Return the image transform of a model.

    Args:
        preprocess: The image settings of open_clip.

    Raises:
        ModelError: The way of resizing is not supported.
    """
    size = preprocess["size"]
    height, width = (size, size) if isinstance(size, int) else size
    mode = preprocess.get("resize_mode") or "shortest"
    if mode not in {"shortest", "squash", "longest"}:
        raise ModelError(f"resize_mode {mode!r} is not supported; use shortest, squash or longest")
    bilinear = preprocess.get("interpolation") == "bilinear"
    if mode == "shortest" and height != width:
        bilinear = False  # open_clip ignores the interpolation in this case
    return ResizeCrop(height, width, mode, bilinear, int(preprocess.get("fill_color") or 0))


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the messages of open_clip; errors are raised."""
    previous_level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(previous_level)
