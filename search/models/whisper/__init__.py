"""Speech to words, by either of two engines behind one protocol."""

from pathlib import Path

from search.errors import ModelError
from search.models.encoder import Transcriber
from search.models.runtime import Machine

EMBEDDED = "whisper-base"
ORIGINAL = "openai-whisper:"
FETCHED = "fetched"
# The sizes that are published in faster-whisper's format, by the name it has for them.
SIZES = (
    "tiny.en", "tiny", "base.en", "base", "small.en", "small", "medium.en", "medium",
    "large-v1", "large-v2", "large-v3", "large-v3-turbo", "turbo",
    "distil-small.en", "distil-medium.en", "distil-large-v2", "distil-large-v3", "distil-large-v3.5",
)  # fmt: skip


def is_whisper(name: str) -> bool:
    """Tell whether a name is one of a Whisper model."""
    return (
        name in (EMBEDDED, *SIZES) or name.startswith(ORIGINAL) or (Path(name).expanduser() / "model.bin").is_file()
    )


def choose_transcriber(name: str, models: Path, machine: Machine) -> Transcriber:
    """Give what transcribes by its name: `whisper-base`, a size, a folder, or `openai-whisper:` and a size or file.

    models: the home's folder of models. Raises ModelError when it is not on this machine.
    """
    if name.startswith(ORIGINAL):
        from search.models.whisper.original import OriginalTranscriber

        return OriginalTranscriber(name, _find_original(name, models), machine)
    from search.models.whisper.faster import FasterTranscriber, join_whisper_base

    if name == EMBEDDED:
        return FasterTranscriber(name, lambda: join_whisper_base(models), machine)
    folder = find_whisper_folder(name, models)
    return FasterTranscriber(name, lambda: folder, machine)


def find_whisper_folder(name: str, models: Path) -> Path:
    """Give the folder of a faster-whisper model. Raises ModelError when there is none."""
    for folder in (Path(name).expanduser(), models / FETCHED / f"whisper--{name}"):
        if (folder / "model.bin").is_file():
            return folder.absolute()
    raise ModelError(
        f"{name} is not on this machine: fetch it with `crossmodal models get {name}`, or name the folder of a "
        "faster-whisper model (model.bin, config.json, tokenizer.json, vocabulary.txt)"
    )


def _find_original(name: str, models: Path) -> Path:
    size = name.removeprefix(ORIGINAL)
    for path in (Path(size).expanduser(), models / FETCHED / f"openai-whisper--{size}.pt"):
        if path.is_file():
            return path.absolute()
    raise ModelError(
        f"{size} is no file on this machine: fetch it with `crossmodal models get {name}`, or name a checkpoint of "
        f"openai-whisper: {ORIGINAL}/path/to/file.pt"
    )
