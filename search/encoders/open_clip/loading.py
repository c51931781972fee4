"""Find an open_clip model by its name and load it. Nothing is downloaded here."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.encoders.manifest import FETCHED
from search.encoders.open_clip.imports import import_open_clip, import_timm, import_torch
from search.encoders.parallel import ParallelStreams
from search.errors import ModelError, find_reason
from search.media.image.transform import ResizeCrop

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
    """Find what a name stands for: `architecture/tag`, `architecture/path of weights`, `local-dir:folder`, `hf-hub:id`.

    models: the models folder of the home. Raises ModelError if the model is not on this machine.
    """
    if name.startswith(LOCAL):
        return _find_local(name)
    fetched = models / FETCHED / name_fetched(name)
    if (fetched / CONFIG).is_file():
        return _find_local(f"{LOCAL}{fetched}")
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
        raise ModelError(f"{pretrained} is no file: name the weights of {architecture} as {architecture}//path/of/file")
    raise ModelError(f"{architecture} has no weights {pretrained!r}; there are: {', '.join(tags) or 'none published'}")


def name_fetched(name: str) -> str:
    """Return the folder name of a downloaded model."""
    return name.replace(":", "--").replace("/", "--")


def _explain_missing(name: str) -> str:
    return (
        f"{name} is not on this machine: fetch it with `crossmodal models get {name}`, or name weights that are: "
        "ARCHITECTURE//path/of/weights or local-dir:/folder"
    )


def find_preprocess(architecture: str) -> dict[str, Any]:
    """Return how images are prepared for an architecture, by what is published of it.

    Weights alone do not say; where all that were published of an architecture agree, that is how. Raises ModelError
    where they do not.
    """
    open_clip = import_open_clip()
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    known = []
    for tag in tags:
        config = open_clip.get_pretrained_cfg(architecture, tag)
        one = {key: config[key] for key in ("mean", "std", "interpolation", "resize_mode") if key in config}
        if one not in known:
            known.append(one)
    if len(known) > 1:
        raise ModelError(
            f"The image transform of {architecture} depends on the weights. Put them into a folder with an "
            f"{CONFIG} and use {LOCAL}FOLDER."
        )
    return known[0] if known else {}


def _find_local(name: str) -> ModelSource:
    import json

    folder = Path(name.removeprefix(LOCAL)).expanduser().absolute()
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        model = dict(config["model_cfg"])
    except OSError as error:
        raise ModelError(f"{folder / CONFIG} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / CONFIG} is no configuration of open_clip: {error}") from error
    import_open_clip()
    from open_clip.factory import _find_checkpoint_in_dir

    with _quiet():
        checkpoint = _find_checkpoint_in_dir(folder)
    if checkpoint is None:
        raise ModelError(f"{folder} holds no weights (*.safetensors, *.bin or *.pth)")
    return ModelSource(f"{LOCAL}{folder}", Path(checkpoint), config.get("preprocess_cfg", {}), model)


def load_model(source: ModelSource) -> Any:
    """Load both towers in float32 on the CPU, ready to infer.

    Raises ModelError when the weights do not fit, or what a text tower is made like is not on this machine.
    """
    open_clip = import_open_clip()
    local = source.architecture.startswith(LOCAL)
    settings = {}
    if (tower := find_tower(source)) is not None:
        described = {"hf_model_name": str(tower.parent), "hf_model_pretrained": False}
        settings["text_cfg"] = source.model["text_cfg"] | described
    try:
        with _quiet():
            model = open_clip.create_model(
                source.architecture,
                pretrained=None if local else str(source.checkpoint),
                force_preprocess_cfg=source.preprocess,
                # No other weights may be searched.
                pretrained_image=False,
                pretrained_text=False,
                **settings,
            )
    except Exception as error:  # torch, safetensors and pickle each raise their own
        raise ModelError(
            f"{source.checkpoint} cannot be loaded as {source.architecture}: {find_reason(error)}"
        ) from error
    model.eval()
    visual = model.visual
    if any(hasattr(module, "reparameterize") for module in visual.modules()):
        # Branches that are only trained apart are folded into one, which changes nothing but the speed.
        model.visual = import_timm().utils.reparameterize_model(visual)
    from search.encoders.open_clip.pruning import prune_last_block

    prune_last_block(model.visual)
    return model


def load_tokenizer(source: ModelSource) -> Any:
    """Return open_clip's own tokenizer, which cuts texts at the context length.

    Raises ModelError when it is missing, or not whole: transformers makes one of what little there is.
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
    pieces = text.get("vocab_size") or read_tower(source).get("vocab_size", 0)
    if name and len(tokenizer.tokenizer) < pieces / 2:
        known = f"it has {len(tokenizer.tokenizer)} word pieces, the model {pieces}"
        raise ModelError(f"{_explain_needed(source, 'tokenizer', files)} ({known})")
    return tokenizer


def read_tower(source: ModelSource) -> dict[str, Any]:
    """Return what a text tower of transformers is made like; empty for one of open_clip's own.

    Raises ModelError when that is not on this machine.
    """
    import json

    path = find_tower(source)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path else {}
    return found


def find_tower(source: ModelSource) -> Path | None:
    """Return the configuration file of a text encoder from transformers, which open_clip would download.

    None for a tower of open_clip's own. Raises ModelError when it is not on this machine.
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

    missing = _explain_needed(source, "text tower", f"{TOWER} of {name}")
    try:
        found = cached_file(name, TOWER, local_files_only=True)
    except OSError as error:
        raise ModelError(missing) from error
    if found is None:
        raise ModelError(missing)
    return Path(found)


def _explain_needed(source: ModelSource, part: str, files: str) -> str:
    """ReportLine what lacks for a part of a model, and where it is to be put."""
    if source.architecture.startswith(LOCAL):
        return f"the {part} of {source.architecture} is not whole: put {files} into that folder"
    return (
        f"the {part} of {source.architecture} is not on this machine: `crossmodal models get` fetches a model with all "
        f"that it needs; or put {files} into a folder with the weights and an {CONFIG}, and use {LOCAL}FOLDER"
    )


def make_resize_crop(preprocess: dict[str, Any]) -> ResizeCrop:
    """Return how images are cut, by open_clip's settings. Raises ModelError for what nobody can do."""
    size = preprocess["size"]
    height, width = (size, size) if isinstance(size, int) else size
    mode = preprocess.get("resize_mode") or "shortest"
    if mode not in {"shortest", "squash", "longest"}:
        raise ModelError(f"resize_mode {mode!r} is not supported; use shortest, squash or longest")
    bilinear = preprocess.get("interpolation") == "bilinear"
    if mode == "shortest" and height != width:
        bilinear = False  # open_clip does not pass it on
    return ResizeCrop(height, width, mode, bilinear, int(preprocess.get("fill_color") or 0))


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the messages of open_clip; errors are raised."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def make_streams(threads: int) -> ParallelStreams:
    """Return threads on each of which torch uses no other. All else goes on using `threads`."""
    torch = import_torch()

    def begin() -> None:
        torch.get_num_threads()  # otherwise the thread takes the global number at its first use
        torch.set_num_threads(1)

    streams = ParallelStreams(threads, begin)
    torch.set_num_threads(threads)  # what a thread sets for itself counts for those to come
    return streams


def count_threads(threads: int) -> None:
    """Set the number of torch threads; the default is one per physical core."""
    torch = import_torch()
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
