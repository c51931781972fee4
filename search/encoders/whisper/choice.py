"""Choose the Whisper engine of a model."""

from functools import partial
from pathlib import Path

from search.encoders.encoder import Transcriber
from search.encoders.manifest import FETCHED
from search.encoders.runtime import Machine
from search.errors import ModelError

BUNDLED = "whisper-base"
ORIGINAL = "openai-whisper:"
# The model names of faster-whisper.
SIZES = (
    "tiny.en", "tiny", "base.en", "base", "small.en", "small", "medium.en", "medium",
    "large-v1", "large-v2", "large-v3", "large-v3-turbo", "turbo",
    "distil-small.en", "distil-medium.en", "distil-large-v2", "distil-large-v3", "distil-large-v3.5",
)  # fmt: skip


def is_whisper(name: str) -> bool:
    """Return whether a name is one of a Whisper model."""
    return name in (BUNDLED, *SIZES) or name.startswith(ORIGINAL) or (Path(name).expanduser() / "model.bin").is_file()


def choose_transcriber(name: str, models: Path, machine: Machine) -> Transcriber:
    """Return what transcribes by its name: `whisper-base`, a size, a folder, or `openai-whisper:` and a size or file.

    models: the home's folder of models. Its files are searched at the first use, so that a home opens without them.
    """
    find = partial(find_whisper, name, models)
    if name.startswith(ORIGINAL):
        from search.encoders.whisper.original import OriginalTranscriber

        return OriginalTranscriber(name, find, machine)
    from search.encoders.whisper.faster import FasterTranscriber

    return FasterTranscriber(name, find, machine)


def find_whisper(name: str, models: Path) -> Path:
    """Return the folder, or for the original engine the file, of a model. Raises ModelError when there is none."""
    size = name.removeprefix(ORIGINAL)
    if name == BUNDLED:
        from search.encoders.whisper.faster import join_whisper_base

        return join_whisper_base(models)
    if name.startswith(ORIGINAL):
        places = (Path(size).expanduser(), models / FETCHED / f"openai-whisper--{size}.pt")
        found = next((path for path in places if path.is_file()), None)
        form = f"a checkpoint of openai-whisper: {ORIGINAL}/path/to/file.pt"
    else:
        places = (Path(name).expanduser(), models / FETCHED / f"whisper--{name}")
        found = next((path for path in places if (path / "model.bin").is_file()), None)
        form = "the folder of a faster-whisper model (model.bin, config.json, tokenizer.json, vocabulary.txt)"
    if found is None:
        raise ModelError(f"{name} is not on this machine: fetch it with `crossmodal models get {name}`, or name {form}")
    return found.absolute()
