"""Transcribe short clips together with faster-whisper and CTranslate2.

The clips share windows of the encoder, which needs as long for two seconds as for 30; that is most of the time of a
short clip. Each clip is decoded separately, from its part of the encoder's output. So no text crosses from one clip to
another, and each clip has a separate language and confidence.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from search.deadline import check_deadline
from search.encoders.whisper.segments import MIN_LANGUAGE_PROBABILITY, make_segment
from search.encoders.whisper.windows import (
    FRAMES_PER_SECOND,
    MAX_CLIP_FRAMES,
    WINDOW_FRAMES,
    Slot,
    Window,
    fill_windows,
)
from search.records import Transcript, Waveform

# The frames of the encoder's output for the silence at the end of a window that follow each clip.
TAIL_FRAMES = 50
BEAM_SIZE = 5
# How probable the language of a clip must be if others of its window seem to be in another language.
MIN_MIXED_PROBABILITY = 0.9
# A text is doubtful if its words are less probable than this, or if it repeats itself.
MIN_LOG_PROBABILITY = -0.7
MAX_COMPRESSION_RATIO = 2.0
MIN_REPEATED_WORDS = 3
# So is a text that reaches the limit of its length, or leaves more speech than this without words.
TOKENS_PER_SECOND = 10
MIN_TOKENS = 20
MAX_UNCOVERED_SECONDS = 0.5
MAX_WORD_SECONDS = 2.5
# The voice activity detection adds this to each end of the speech.
VAD_PADDING_SECONDS = 0.4
SAMPLE_RATE = 16_000


@dataclass(frozen=True)
class _Clip:
    """A clip without its pauses.

    Attributes:
        features: Shape (mels, n), float32.
        spans: The speech in the clip, as the voice activity detection returns it.
    """

    features: "np.ndarray[Any, np.dtype[np.float32]]"
    spans: list[dict[str, int]]


@dataclass(frozen=True)
class _Output:
    """The encoder's output for a slot, shape (n, d), and its clip."""

    slot: Slot
    values: "np.ndarray[Any, np.dtype[np.float32]]"


@dataclass(frozen=True)
class _Heard:
    """An output, and the language that is spoken in it."""

    output: _Output
    language: str
    probability: float


class _Key(NamedTuple):
    """What the outputs that are decoded together have in common."""

    size: int
    language: str


class PackedClips:
    """Transcribes short clips with one model, on a CPU."""

    def __init__(self, model: Any) -> None:
        """Use a `WhisperModel`."""
        self._model = model

    def transcribe(self, clips: Sequence[Waveform]) -> list[Transcript | None]:
        """Return the transcript of each clip; None if it is too long or doubtful, and is to be transcribed alone.

        Args:
            clips: Audio at 16 kHz, each of shape (n,), float32 from -1 to 1.
        """
        prepared = [self._prepare(samples) for samples in clips]
        results = [Transcript(None, ()) if clip is None else None for clip in prepared]
        short = [
            number
            for number, clip in enumerate(prepared)
            if clip is not None and clip.features.shape[1] <= MAX_CLIP_FRAMES
        ]
        chosen = [clip for number in short if (clip := prepared[number]) is not None]
        outputs: list[_Output] = []
        for window in fill_windows([clip.features.shape[1] for clip in chosen]):
            check_deadline()
            outputs += self._encode(window, chosen)
        for key, group in _group(self._detect_languages(outputs)).items():
            check_deadline()
            for number, transcript in self._decode(group, key.language, chosen).items():
                results[short[number]] = transcript
        return results

    def _prepare(self, samples: Waveform) -> _Clip | None:
        """Return the features of the speech in a clip; None if there is no speech."""
        from faster_whisper.vad import collect_chunks, get_speech_timestamps

        spans = get_speech_timestamps(samples) if samples.size else []
        if not spans:
            return None
        speech = np.concatenate(collect_chunks(samples, spans)[0])
        return _Clip(self._model.feature_extractor(speech)[:, :-1], spans)

    def _encode(self, window: Window, clips: Sequence[_Clip]) -> list[_Output]:
        """Return the encoder's output for each slot, followed by that for silence."""
        features = np.zeros((self._model.model.n_mels, WINDOW_FRAMES), np.float32)
        for slot in window.slots:
            part = clips[slot.clip].features
            features[:, slot.start : slot.start + part.shape[1]] = part
        encoded = np.array(self._model.encode(features))[0]
        tail = encoded[-TAIL_FRAMES:]
        return [
            _Output(slot, np.concatenate((encoded[slot.start // 2 : (slot.start + slot.size) // 2], tail)))
            for slot in window.slots
        ]

    def _detect_languages(self, outputs: Sequence[_Output]) -> list[_Heard]:
        """Return the language of each output."""
        if not self._model.model.is_multilingual:
            return [_Heard(output, "en", 1.0) for output in outputs]
        by_size: dict[int, list[_Output]] = defaultdict(list)
        for output in outputs:
            by_size[output.slot.size].append(output)
        return [
            _Heard(output, token.strip("<|>"), probability)
            for group in by_size.values()
            for output, ((token, probability), *_) in zip(
                group, self._model.model.detect_language(_stack(group)), strict=True
            )
        ]

    def _decode(self, group: Sequence[_Output], language: str, clips: Sequence[_Clip]) -> dict[int, Transcript]:
        """Return the transcripts by the number of the clip, without the doubtful ones.

        Args:
            group: Outputs for slots of the same size.
            language: Their language.
            clips: The clips of all windows.
        """
        tokenizer = self._make_tokenizer(language)
        encoded = _stack(group)
        texts = self._generate(encoded, tokenizer, len(group), group[0].slot.size)
        lengths = [clips[output.slot.clip].features.shape[1] for output in group]
        self._add_words(encoded, tokenizer, texts, lengths)
        return {
            output.slot.clip: make_transcript(text, language, clips[output.slot.clip].spans)
            for output, text, length in zip(group, texts, lengths, strict=True)
            if not is_doubtful(text, length / FRAMES_PER_SECOND)
        }

    def _make_tokenizer(self, language: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        model = self._model
        return Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)

    def _generate(self, encoded: Any, tokenizer: Any, count: int, frames: int) -> list[dict[str, Any]]:
        """Return the texts of slots, in the form of the segments of `WhisperModel`."""
        from faster_whisper.transcribe import get_suppressed_tokens

        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        limit = MIN_TOKENS + TOKENS_PER_SECOND * frames // FRAMES_PER_SECOND
        results = self._model.model.generate(
            encoded,
            [prompt] * count,
            beam_size=BEAM_SIZE,
            max_length=min(self._model.max_length, len(prompt) + limit),
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            return_scores=True,
            return_no_speech_prob=True,
        )
        return [_make_text(result, tokenizer, limit) for result in results]

    def _add_words(self, encoded: Any, tokenizer: Any, texts: Sequence[dict[str, Any]], lengths: Sequence[int]) -> None:
        """Add the words with their times in the speech of their clip."""
        for text, length in zip(texts, lengths, strict=True):
            text["end"] = length / FRAMES_PER_SECOND
        segments = [[text] for text in texts]
        marks = ("\"'“¿([{-", "\"'.。,，!！?？:：”)]}、")
        self._model.add_word_timestamps(segments, tokenizer, encoded, list(lengths), *marks, 0.0)


def _group(heard: Sequence[_Heard]) -> dict[_Key, list[_Output]]:
    """Return the outputs that are decoded together, without those whose language is not clear.

    The clips of a window are not quite separate in the encoder's output. If they seem to be in several languages, some
    of these are wrong.
    """
    spoken: dict[int, set[str]] = defaultdict(set)
    for one in heard:
        spoken[one.output.slot.window].add(one.language)
    groups: dict[_Key, list[_Output]] = defaultdict(list)
    for one in heard:
        slot = one.output.slot
        is_mixed = len(spoken[slot.window]) > 1
        if one.probability >= (MIN_MIXED_PROBABILITY if is_mixed else MIN_LANGUAGE_PROBABILITY):
            groups[_Key(slot.size, one.language)].append(one.output)
    return groups


def _stack(group: Sequence[_Output]) -> Any:
    from ctranslate2 import StorageView

    return StorageView.from_array(np.ascontiguousarray(np.stack([output.values for output in group])))


def _make_text(result: Any, tokenizer: Any, limit: int) -> dict[str, Any]:
    from faster_whisper.transcribe import get_compression_ratio

    tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
    text = tokenizer.decode(tokens)
    count = len(result.sequences_ids[0])
    return {
        "seek": 0,
        "start": 0.0,
        "end": 0.0,
        "tokens": tokens,
        "text": text,
        "words": [],
        "avg_logprob": result.scores[0] * count / (count + 1),
        "no_speech_prob": result.no_speech_prob,
        "compression_ratio": get_compression_ratio(text) if text else 0.0,
        "is_cut": count >= limit,
    }


def is_doubtful(text: Mapping[str, Any], seconds: float) -> bool:
    """Return whether a text may be wrong: improbable, repeated, cut off, or missing for a part of the speech.

    Args:
        text: A segment of `WhisperModel` with words; `is_cut` if it reaches the limit of its length.
        seconds: The length of the speech.
    """
    words = text["words"]
    return (
        not words
        or text["is_cut"]
        or text["avg_logprob"] < MIN_LOG_PROBABILITY
        or text["compression_ratio"] > MAX_COMPRESSION_RATIO
        or repeats_itself([word["word"] for word in words])
        or seconds - words[-1]["end"] > MAX_UNCOVERED_SECONDS + VAD_PADDING_SECONDS
        or words[0]["start"] > MAX_UNCOVERED_SECONDS + VAD_PADDING_SECONDS
        or any(word["end"] - before["end"] > MAX_WORD_SECONDS for before, word in pairwise(words))
    )


def repeats_itself(words: Sequence[str]) -> bool:
    """Return whether the second half of a text, or more, repeats what is before it: `one two one two`."""
    plain = ["".join(filter(str.isalnum, word)).lower() for word in words]
    count = len(plain)
    return any(
        plain[-size:] == plain[-2 * size : -size] and (size >= MIN_REPEATED_WORDS or 2 * size == count)
        for size in range(1, count // 2 + 1)
    )


def make_transcript(text: Mapping[str, Any], language: str, spans: Sequence[dict[str, int]]) -> Transcript:
    """Return a transcript with times in the recording.

    Args:
        text: A segment with words, whose times are those of the speech.
        language: The language.
        spans: The spans of speech in the recording, as the voice activity detection returns them.
    """
    from faster_whisper.vad import SpeechTimestampsMap

    times = SpeechTimestampsMap(list(spans), SAMPLE_RATE)
    words = []
    for word in text["words"]:
        # Both ends of a word are in the same span.
        span = times.get_chunk_index((word["start"] + word["end"]) / 2)
        start, end = (times.get_original_time(word[key], span) for key in ("start", "end"))
        words.append({**word, "start": start, "end": end})
    return Transcript(language, (make_segment({**text, "words": words}),))
