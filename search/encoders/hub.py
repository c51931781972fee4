"""Download models on request; nothing else in this package uses the network. Home of huggingface_hub.

A downloaded model becomes a folder with everything that is needed to load it, like a `local-dir:` model. The hub is
not contacted again.
"""

import json
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

from search.encoders.compact.files import hash_file
from search.encoders.manifest import FETCHED
from search.encoders.open_clip.loading import CONFIG, HUB, TOWER, name_fetched
from search.errors import CrossmodalError, ModelError, UnreachableError, find_reason

# Called with the file, the received bytes and the total bytes.
Note = Callable[[str, int, int], None]
BLOCK = 1024 * 1024
TIMEOUT = 10.0
OFFLINE = (
    "on a machine that can, fetch the files, carry them here, and name them: ARCHITECTURE//path/of/weights, "
    "local-dir:/folder, or the folder of a sentence or Whisper model"
)
WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "sentencepiece.bpe.model",
    "spiece.model",
    "vocab.txt",
    TOWER,
)


def fetch_model(name: str, models: Path, note: Note) -> Path:
    """Download a model by its name and return its folder.

    models: the home's folder of models. Every file is checked against the SHA-256 that the hub states, and the folder
    appears only when it is whole. Raises UnreachableError with the way to do without, ModelError for an unknown name.
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
    from search.encoders.open_clip.imports import import_open_clip

    architecture, _, tag = name.partition("/")
    return tag in import_open_clip().list_pretrained_tags_by_model(architecture)


def _build(target: Path, fetch: Callable[[Path], None]) -> Path:
    """Fill a temporary folder and rename it when it is complete; earlier downloads are kept."""
    building = target.with_name(f".{target.name}.new")
    building.mkdir(parents=True, exist_ok=True)
    fetch(building)
    shutil.rmtree(target, ignore_errors=True)
    building.replace(target)
    return target


def _fetch_whisper(size: str, folder: Path, note: Note) -> None:
    from search.encoders.whisper.faster import find_repository

    repository = find_repository(size)
    for file in ("config.json", "preprocessor_config.json", "tokenizer.json", "vocabulary.json", "vocabulary.txt"):
        _fetch_file(repository, file, folder / file, note, needed=file in ("config.json", "tokenizer.json"))
    _fetch_file(repository, "model.bin", folder / "model.bin", note)


def _fetch_clip(name: str, folder: Path, note: Note) -> None:
    """Write a folder that open_clip loads as `local-dir:`."""
    if name.startswith(HUB):
        repository, weights = name.removeprefix(HUB), ""
        _fetch_file(repository, CONFIG, folder / CONFIG, note)
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    else:
        from search.encoders.open_clip.imports import import_open_clip

        open_clip = import_open_clip()
        architecture, _, tag = name.partition("/")
        known = open_clip.get_pretrained_cfg(architecture, tag)
        repository, _, weights = str(known["hf_hub"]).rpartition("/")
        if not repository:
            raise ModelError(
                f"{name} is only published at {known['url']}. Download that file and use {architecture}/FILE."
            )
        preprocess = {key: known[key] for key in ("mean", "std", "interpolation", "resize_mode") if key in known}
        config = {"model_cfg": open_clip.get_model_config(architecture), "preprocess_cfg": preprocess}
    text = config["model_cfg"].get("text_cfg", {})
    if text.get("hf_model_name"):
        # The tower's own configuration; its weights are among the model's.
        _fetch_file(text["hf_model_name"], TOWER, folder / TOWER, note)
    if text.get("hf_tokenizer_name"):
        _fetch_tokenizer(text["hf_tokenizer_name"], folder, note)
    (folder / CONFIG).write_text(json.dumps(config, indent=1), encoding="utf-8")
    for file in (weights,) if weights else WEIGHTS:
        if _fetch_file(repository, file, folder / Path(file).name, note, needed=file == (weights or WEIGHTS[-1])):
            return


def _fetch_tokenizer(repository: str, folder: Path, note: Note) -> None:
    for file in TOKENIZER:
        _fetch_file(repository, file, folder / file, note, needed=file == "tokenizer_config.json")


def _fetch_sentence(name: str, folder: Path, note: Note) -> None:
    import huggingface_hub

    # One file is requested first: for a list the client retries for half a minute.
    _fetch_file(name, "config.json", folder / "config.json", note)
    with _explain(name):
        files = huggingface_hub.HfApi().list_repo_files(name)
    safe = any(file.endswith(".safetensors") for file in files)
    for file in files:
        path = Path(file)
        is_weights = path.suffix == ".safetensors" or (path.suffix == ".bin" and not safe)
        is_setting = path.suffix in {".json", ".txt", ".model"} and path.parts[0] not in {"onnx", "openvino"}
        if is_setting or (is_weights and path.parts[0] not in {"onnx", "openvino"}):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            _fetch_file(name, file, folder / file, note)


def _fetch_original(size: str, models: Path, note: Note) -> Path:
    from search.encoders.whisper.original import find_address

    address = find_address(size)
    target = models / FETCHED / f"openai-whisper--{size}.pt"
    target.parent.mkdir(parents=True, exist_ok=True)
    with _explain(size):
        _download(address, target, address.split("/")[-2], note)
    return target


def _fetch_file(repository: str, file: str, path: Path, note: Note, needed: bool = True) -> bool:
    """Download a file and check its hash. Return whether the repository has the file."""
    import huggingface_hub
    from huggingface_hub.errors import EntryNotFoundError

    address = huggingface_hub.hf_hub_url(repository, file)
    with _explain(repository):
        try:
            facts = huggingface_hub.get_hf_file_metadata(address, timeout=TIMEOUT)
        except EntryNotFoundError as error:
            if needed:
                raise ModelError(f"{repository} holds no {file}") from error
            return False
        # Large files are named by their SHA-256, small ones by git's own hash.
        digest = facts.etag if facts.etag is not None and len(facts.etag) == 64 else None
        _download(facts.location, path, digest, note)
    return True


def _download(address: str, path: Path, digest: str | None, note: Note) -> None:
    """Download a file, resuming an earlier attempt."""
    if path.exists() and (digest is None or hash_file(path) == digest):
        return
    part = path.with_name(f"{path.name}.part")
    there = part.stat().st_size if part.exists() else 0
    if digest is None or not there or hash_file(part) != digest:
        _receive(address, part, there, note)
    if digest is not None and hash_file(part) != digest:
        part.unlink()
        raise ModelError(f"{path.name} arrived damaged (its SHA-256 is not the one stated): run this again")
    part.replace(path)


def _receive(address: str, part: Path, there: int, note: Note) -> None:
    """Resume a download, or restart it if the server does not support ranges."""
    request = urllib.request.Request(address, headers={"Range": f"bytes={there}-"} if there else {})  # noqa: S310
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
        there = there if answer.status == HTTPStatus.PARTIAL_CONTENT else 0
        total = there + int(answer.headers.get("Content-Length", 0))
        with part.open("ab" if there else "wb") as stream:
            while block := answer.read(BLOCK):
                stream.write(block)
                there += len(block)
                note(part.stem, there, total)


@contextmanager
def _explain(name: str) -> Iterator[None]:
    """Turn network errors into one line with an alternative."""
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        yield
    except RepositoryNotFoundError as error:
        raise ModelError(f"The hub has no model {name}, or it is not public") from error
    except CrossmodalError:
        raise
    except Exception as error:  # each version of the hub's client raises what its own HTTP library does
        reason = find_reason(error)
        raise UnreachableError(f"the hub cannot be reached for {name} ({reason}): {OFFLINE}") from error
