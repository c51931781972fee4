"""Download models on request. No other module of this package uses the network. Home of huggingface_hub.

A downloaded model becomes a folder with all files that are needed to load it, like a `local-dir:` model. The hub is
not contacted again.
"""

import json
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

from search.encoders.compact.files import hash_file
from search.encoders.manifest import FETCHED
from search.encoders.open_clip.loading import CONFIG, HUB, TOWER, name_fetched
from search.errors import CrossmodalError, ModelError, UnreachableError, find_reason

# Called with the file name, the received bytes and the total bytes.
ReportProgress = Callable[[str, int, int], None]
BLOCK_BYTES = 1024 * 1024
TIMEOUT_SECONDS = 10.0
OFFLINE_HELP = (
    "Download the files on a machine with network access, copy them here, and pass their path: "
    "ARCHITECTURE//path/of/weights, local-dir:/folder, or the folder of a sentence or Whisper model."
)
# The first of these that a repository has is downloaded.
WEIGHTS_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
# The files of a tokenizer; only `tokenizer_config.json` is required.
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "sentencepiece.bpe.model",
    "spiece.model",
    "vocab.txt",
    TOWER,
)


def fetch_model(name: str, models: Path, note: ReportProgress) -> Path:
    """Download a model by its name.

    Every file for which the hub publishes a SHA-256 is checked against it. The folder is created when all files are
    complete.

    Args:
        name: The model's name.
        models: The models folder of the home.
        note: Called with the progress of each file.

    Returns:
        The folder of the model; for openai-whisper, the checkpoint file.

    Raises:
        UnreachableError: The hub cannot be reached. The message explains how to add the model without it.
        ModelError: There is no model of this name, or a file arrived damaged.
    """
    from search.encoders.whisper.choice import ORIGINAL, SIZES

    if name.startswith(ORIGINAL):
        return _fetch_original(name.removeprefix(ORIGINAL), models, note)
    if name in SIZES:
        target = models / FETCHED / f"whisper--{name}"
        return _build(target, lambda folder: _fetch_whisper(name, folder, note))
    target = models / FETCHED / name_fetched(name)
    if name.startswith(HUB) or _is_tag(name):
        return _build(target, lambda folder: _fetch_clip(name, folder, note))
    return _build(target, lambda folder: _fetch_sentence(name, folder, note))


def _is_tag(name: str) -> bool:
    """Return whether a name is an architecture and a pretrained tag of open_clip."""
    from search.encoders.open_clip.imports import import_open_clip

    architecture, _, tag = name.partition("/")
    return tag in import_open_clip().list_pretrained_tags_by_model(architecture)


def _build(target: Path, fetch: Callable[[Path], None]) -> Path:
    """Fill a temporary folder and rename it when it is complete. Complete files of an earlier attempt are reused."""
    building = target.with_name(f".{target.name}.new")
    building.mkdir(parents=True, exist_ok=True)
    fetch(building)
    shutil.rmtree(target, ignore_errors=True)
    building.replace(target)
    return target


def _fetch_whisper(size: str, folder: Path, note: ReportProgress) -> None:
    from search.encoders.whisper.faster import find_repository

    repository = find_repository(size)
    for file in ("config.json", "preprocessor_config.json", "tokenizer.json", "vocabulary.json", "vocabulary.txt"):
        _fetch_file(repository, file, folder / file, note, needed=file in ("config.json", "tokenizer.json"))
    _fetch_file(repository, "model.bin", folder / "model.bin", note)


def _fetch_clip(name: str, folder: Path, note: ReportProgress) -> None:
    """Write a folder that open_clip loads as `local-dir:`."""
    weights: tuple[str, ...]
    if name.startswith(HUB):
        repository, weights = name.removeprefix(HUB), WEIGHTS_FILES
        _fetch_file(repository, CONFIG, folder / CONFIG, note)
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    else:
        repository, weights_file, config = _describe_pretrained(name)
        weights = (weights_file,) if weights_file else WEIGHTS_FILES
    text = config["model_cfg"].get("text_cfg", {})
    if text.get("hf_model_name"):
        # Only the configuration of the text encoder: its weights are part of the model's weights.
        _fetch_file(text["hf_model_name"], TOWER, folder / TOWER, note)
    if text.get("hf_tokenizer_name"):
        _fetch_tokenizer(text["hf_tokenizer_name"], folder, note)
    (folder / CONFIG).write_text(json.dumps(config, indent=1), encoding="utf-8")
    for file in weights:
        if _fetch_file(repository, file, folder / Path(file).name, note, needed=file == weights[-1]):
            return


def _describe_pretrained(name: str) -> tuple[str, str, dict[str, Any]]:
    """Return the repository, the weights file (may be empty) and the configuration of an `architecture/tag`."""
    from search.encoders.open_clip.imports import import_open_clip

    open_clip = import_open_clip()
    architecture, _, tag = name.partition("/")
    published = open_clip.get_pretrained_cfg(architecture, tag)
    repository, _, weights = str(published["hf_hub"]).rpartition("/")
    if not repository:
        raise ModelError(
            f"{name} is only published at {published['url']}. Download that file and use {architecture}/FILE."
        )
    keys = ("mean", "std", "interpolation", "resize_mode")
    preprocess = {key: published[key] for key in keys if key in published}
    return repository, weights, {"model_cfg": open_clip.get_model_config(architecture), "preprocess_cfg": preprocess}


def _fetch_tokenizer(repository: str, folder: Path, note: ReportProgress) -> None:
    for file in TOKENIZER_FILES:
        _fetch_file(repository, file, folder / file, note, needed=file == "tokenizer_config.json")


def _fetch_sentence(name: str, folder: Path, note: ReportProgress) -> None:
    import huggingface_hub

    # A single file is requested first, because that fails at once. The client retries a list for half a minute.
    _fetch_file(name, "config.json", folder / "config.json", note)
    with _explain(name):
        files = huggingface_hub.HfApi().list_repo_files(name)
    has_safetensors = any(file.endswith(".safetensors") for file in files)
    for file in files:
        path = Path(file)
        is_weights = path.suffix == ".safetensors" or (path.suffix == ".bin" and not has_safetensors)
        is_setting = path.suffix in {".json", ".txt", ".model"}
        if (is_setting or is_weights) and path.parts[0] not in {"onnx", "openvino"}:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            _fetch_file(name, file, folder / file, note)


def _fetch_original(size: str, models: Path, note: ReportProgress) -> Path:
    from search.encoders.whisper.original import find_address

    address = find_address(size)
    target = models / FETCHED / f"openai-whisper--{size}.pt"
    target.parent.mkdir(parents=True, exist_ok=True)
    with _explain(size):
        _download(address, target, address.split("/")[-2], note)
    return target


def _fetch_file(repository: str, file: str, path: Path, note: ReportProgress, needed: bool = True) -> bool:
    """Download a file and check its hash. Return whether the repository has the file."""
    import huggingface_hub
    from huggingface_hub.errors import EntryNotFoundError

    address = huggingface_hub.hf_hub_url(repository, file)
    with _explain(repository):
        try:
            metadata = huggingface_hub.get_hf_file_metadata(address, timeout=TIMEOUT_SECONDS)
        except EntryNotFoundError as error:
            if needed:
                raise ModelError(f"{repository} does not contain {file}.") from error
            return False
        # The etag of a large file is its SHA-256, that of a small file is its git hash.
        digest = metadata.etag if metadata.etag is not None and len(metadata.etag) == 64 else None
        _download(metadata.location, path, digest, note)
    return True


def _download(address: str, path: Path, digest: str | None, note: ReportProgress) -> None:
    """Download a file, resuming an earlier attempt. digest: its SHA-256 in hexadecimal, if it is known."""
    if path.exists() and (digest is None or hash_file(path) == digest):
        return
    part = path.with_name(f"{path.name}.part")
    received = part.stat().st_size if part.exists() else 0
    if digest is None or not received or hash_file(part) != digest:
        _receive(address, part, received, note)
    if digest is not None and hash_file(part) != digest:
        part.unlink()
        raise ModelError(f"{path.name} arrived damaged: its SHA-256 is wrong. Run the command again.")
    part.replace(path)


def _receive(address: str, part: Path, received: int, note: ReportProgress) -> None:
    """Resume a download after `received` bytes, or restart it if the server does not support ranges."""
    request = urllib.request.Request(address, headers={"Range": f"bytes={received}-"} if received else {})  # noqa: S310
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
        received = received if response.status == HTTPStatus.PARTIAL_CONTENT else 0
        total = received + int(response.headers.get("Content-Length", 0))
        with part.open("ab" if received else "wb") as stream:
            while block := response.read(BLOCK_BYTES):
                stream.write(block)
                received += len(block)
                note(part.stem, received, total)


@contextmanager
def _explain(name: str) -> Iterator[None]:
    """Turn network errors into a message of one line that offers an alternative."""
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        yield
    except RepositoryNotFoundError as error:
        raise ModelError(f"The hub has no model {name}, or it is not public.") from error
    except CrossmodalError:
        raise
    except Exception as error:  # the types depend on the HTTP library of the client's version
        reason = find_reason(error)
        raise UnreachableError(f"Cannot reach the hub to download {name} ({reason}). {OFFLINE_HELP}") from error
