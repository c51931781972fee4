"""Which models a home uses, loaded when first needed and then kept."""

from dataclasses import dataclass
from pathlib import Path

from search.models.encoder import PictureEncoder, TextEncoder, Transcriber


@dataclass(frozen=True)
class Models:
    """The three models of a home; each loads itself at its first call."""

    picture: PictureEncoder
    meaning: TextEncoder
    speech: Transcriber


def choose_models(models_folder: Path, threads: int) -> Models:
    """Give the embedded default: it needs no download and answers in many languages."""
    from search.models.compact import CompactFiles
    from search.models.onnx import CompactPictureEncoder, CompactTextEncoder, E5Encoder
    from search.models.whisper import WhisperTranscriber

    files = CompactFiles()
    e5 = E5Encoder(files.text_graph, threads)
    return Models(
        picture=CompactPictureEncoder(files, e5, threads),
        meaning=CompactTextEncoder(files, e5),
        speech=WhisperTranscriber(models_folder, threads),
    )
