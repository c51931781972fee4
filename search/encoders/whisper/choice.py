"""Choose the Whisper engine of a speech model and find its files."""

from functools import partial
from pathlib import Path

from search.encoders.encoder import Transcriber
from search.encoders.manifest import FETCHED
from search.encoders.runtime import Machine
from search.errors import ModelError

BUNDLED = "whisper-base"
# The prefix of models that run with openai-whisper instead of faster-whisper.
ORIGINAL = "openai-whisper:"
# The model names of faster-whisper.
SIZES = (
    "tiny.en", "tiny", "base.en", "base", "small.en", "small", "medium.en", "medium",
    "large-v1", "large-v2", "large-v3", "large-v3-turbo", "turbo",
    "distil-small.en", "distil-medium.en", "distil-large-v2", "distil-large-v3", "distil-large-v3.5",
)  # fmt: skip


def is_whisper(name: str) -> bool:
    """Return whether a name or path is that of a Whisper model."""
    return name in (BUNDLED, *SIZES) or name.startswith(ORIGINAL) or (Path(name).expanduser() / "model.bin").is_file()


def choose_transcriber(name: str, models: Path, machine: Machine) -> Transcriber:
    """Return the transcriber of a speech model. Its files are searched at the first use.

    Args:
        name: `whisper-base`, one of `SIZES`, the folder of a faster-whisper model, or `openai-whisper:` followed by a
            size or a checkpoint file.
        models: The models folder of the home.
        machine: The resources for the model.
    """
    find = partial(find_whisper, name, models)
    if name.startswith(ORIGINAL):
        from search.encoders.whisper.original import OriginalTranscriber

        return OriginalTranscriber(name, find, machine)
    from search.encoders.whisper.faster import FasterTranscriber

    return FasterTranscriber(name, find, machine)


def find_whisper(name: str, models: Path) -> Path:
    """Return the folder of a speech model; for openai-whisper, the checkpoint file.

    Args:
        name: The model's name, as in `choose_transcriber`.
        models: The models folder of the home.

    Raises:
        ModelError: The model is not on this machine.
    """
    size = name.removeprefix(ORIGINAL)
    if name == BUNDLED:
        from search.encoders.whisper.faster import join_whisper_base

        return join_whisper_base(models)
    if name.startswith(ORIGINAL):
        candidates = (Path(size).expanduser(), models / FETCHED / f"openai-whisper--{size}.pt")
        path = next((path for path in candidates if path.is_file()), None)
        alternative = f"a checkpoint of openai-whisper as {ORIGINAL}/path/to/file.pt"
    else:
        candidates = (Path(name).expanduser(), models / FETCHED / f"whisper--{name}")
        path = next((path for path in candidates if (path / "model.bin").is_file()), None)
        alternative = "the folder of a faster-whisper model (model.bin, config.json, tokenizer.json, vocabulary.txt)"
    if path is None:
        raise ModelError(
            f"{name} is not on this machine. Download it with `crossmodal models get {name}`, or pass {alternative}."
        )
    return path.absolute()
