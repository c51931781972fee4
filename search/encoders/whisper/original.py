"""Whisper models run by openai-whisper. Home of whisper."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from search.encoders.lazy import LazyModel
from search.encoders.open_clip.imports import choose_devices
from search.encoders.open_clip.threads import count_threads
from search.encoders.runtime import Machine
from search.encoders.whisper.segments import MIN_LANGUAGE_PROBABILITY, choose_language, make_segment
from search.errors import CrossmodalError, ModelError, find_reason
from search.records import Transcript, Waveform

# The default of faster-whisper.
BEAM_SIZE = 5


class OriginalTranscriber:
    """A checkpoint of openai-whisper: float32 on a CPU, float16 on a GPU."""

    def __init__(self, name: str, find: Callable[[], Path], machine: Machine) -> None:
        """Create a transcriber without loading the model.

        Args:
            name: The model's name.
            find: Returns the checkpoint file.
            machine: The resources for the model.
        """
        self.name = name
        self._find = find
        self._machine = machine
        self._lock = threading.Lock()
        self._model = LazyModel(self._load, machine.idle)

    @property
    def can_translate(self) -> bool:
        """Whether the model can translate speech into English."""
        with self._model.use() as model:
            return bool(model.is_multilingual)

    def transcribe(self, samples: Waveform, language: str | None = None, translate: bool = False) -> Transcript:
        """Transcribe mono audio at 16 kHz, shape (n,), float32. See `Transcriber`."""
        if samples.size == 0:
            return Transcript(None, ())
        with self._lock, self._model.use() as model:
            result = model.transcribe(
                samples,
                language=language,
                task="translate" if translate else "transcribe",
                condition_on_previous_text=False,
                word_timestamps=True,
                beam_size=BEAM_SIZE,
                fp16=model.device.type == "cuda",
            )
        segments = tuple(make_segment(segment) for segment in result["segments"] if segment["text"].strip())
        return Transcript(result["language"] if segments else None, segments)

    def transcribe_concurrently(self, samples: Waveform, language: str | None = None) -> Transcript:
        """Transcribe a chunk; this engine runs one chunk at a time."""
        return self.transcribe(samples, language)

    def transcribe_together(self, clips: Sequence[Waveform]) -> list[Transcript]:
        """Transcribe short clips, one after the other."""
        return [self.transcribe(samples) for samples in clips]

    def transcribe_query(self, samples: Waveform, languages: Sequence[str] = (), translate: bool = False) -> Transcript:
        """Transcribe a spoken query. See `Transcriber`."""
        known = [code for code in languages if code in import_whisper().tokenizer.LANGUAGES]
        probabilities = self._measure_languages(samples) if len(known) > 1 else {}
        language = choose_language(probabilities, known) if known else None
        return self.transcribe(samples, language, translate)

    def detect_language(self, samples: Waveform) -> str | None:
        """Return the language that is spoken, None if that is not clear. See `Transcriber`."""
        probabilities = self._measure_languages(samples)
        if not probabilities:
            return None
        language, probability = max(probabilities.items(), key=lambda entry: float(entry[1]))
        return str(language) if probability >= MIN_LANGUAGE_PROBABILITY else None

    def _measure_languages(self, samples: Waveform) -> dict[str, float]:
        """Return the probability of each language; nothing without sound, or if the model has only one language."""
        whisper = import_whisper()
        with self._lock, self._model.use() as model:
            if not samples.size or not model.is_multilingual:
                return {}
            window = whisper.pad_or_trim(samples)
            mel = whisper.log_mel_spectrogram(window, model.dims.n_mels, device=model.device)
            _, probabilities = model.detect_language(mel.to(model.encoder.conv1.weight.dtype))
        return {str(language): float(probability) for language, probability in probabilities.items()}

    @property
    def streams(self) -> int:
        """The number of concurrent chunks, which is 1."""
        return 1

    def _load(self) -> Any:
        checkpoint = self._find()
        device = choose_devices(self._machine.device)[0]
        count_threads(self._machine.threads)
        try:
            return import_whisper().load_model(str(checkpoint), device=device)
        except CrossmodalError:
            raise
        except Exception as error:  # torch and pickle raise many types
            reason = find_reason(error)
            raise ModelError(f"{checkpoint} is not a checkpoint of openai-whisper: {reason}") from error


def import_whisper() -> Any:
    """Import openai-whisper. Raise ModelError if it is not installed."""
    try:
        import whisper
    except ImportError as error:
        raise ModelError(f"{error.name} is not installed. Run: pip install openai-whisper") from error
    return whisper


def find_address(size: str) -> str:
    """Return the URL of a checkpoint of openai-whisper.

    Args:
        size: A model name of openai-whisper, such as `base.en`.

    Raises:
        ModelError: There is no such model, or openai-whisper is not installed.
    """
    addresses = import_whisper()._MODELS
    if size not in addresses:
        raise ModelError(f"openai-whisper has no model {size!r}. Use one of {', '.join(addresses)}.")
    return str(addresses[size])
