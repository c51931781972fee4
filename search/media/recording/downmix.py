"""Mix the channels of a recording to mono, so that speech in any of them can be recognized."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from search.records import Waveform

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

# The channels are compared in blocks of this length.
BLOCK_SECONDS = 0.5
# The weight of channels. Speech is in the center; the channels for low frequencies have none.
WEIGHTS = {"FC": 1.0, "LFE": 0.0, "LFE2": 0.0}
DEFAULT_WEIGHT = 0.7
# A channel with less than this share of the power of the loudest one is silent.
MIN_ACTIVE_POWER = 0.01
# Where the mix has less than this share of the power of the loudest channel, the channels cancel each other.
MIN_MIXED_POWER = 0.1

Channels = npt.NDArray[np.float32]  # shape (channels, n)


class Downmixer:
    """Resamples the frames of one format and mixes their channels."""

    def __init__(self, frame: "AudioFrame", rate: int, position: int) -> None:
        """Create a mixer.

        Args:
            frame: The first frame; those that follow have the same format.
            rate: The sample rate of the mix in Hz.
            position: Where the first frame starts, in samples of the mix.
        """
        import av

        self._format = _read_format(frame)
        # Interleaved: PyAV crashes on eight separate planes, as of 7.1 sound.
        self._resampler = av.AudioResampler(format="flt", rate=rate)
        names = [channel.name for channel in frame.layout.channels]
        weights = np.array([WEIGHTS.get(name, DEFAULT_WEIGHT) for name in names], np.float32)
        self._weights = weights if weights.any() else np.ones(len(names), np.float32)
        self._block_size = round(BLOCK_SECONDS * rate)
        self._pending: list[Waveform] = []
        self._count = 0
        self._position = position

    def accepts(self, frame: "AudioFrame") -> bool:
        """Return whether a frame has the format of this mixer."""
        return _read_format(frame) == self._format

    def feed(self, frame: "AudioFrame | None") -> Iterator[tuple[int, Waveform]]:
        """Add a frame and yield finished blocks: the position in samples, and mono samples, shape (n,), float32."""
        for part in self._resampler.resample(frame):
            self._pending.append(part.to_ndarray().reshape(-1).astype(np.float32, copy=False))
            self._count += part.samples
        if self._count and (frame is None or self._count >= self._block_size):
            samples = np.concatenate(self._pending).reshape(-1, len(self._weights)).T
            mixed = mix_channels(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), self._weights)
            yield self._position, mixed
            self._position += len(mixed)
            self._pending, self._count = [], 0

    def flush(self) -> Iterator[tuple[int, Waveform]]:
        """Yield the last block."""
        yield from self.feed(None)


def _read_format(frame: "AudioFrame") -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def mix_channels(samples: Channels, weights: npt.NDArray[np.float32]) -> Waveform:
    """Mix channels to mono. Where they cancel each other, only the loudest channel is used.

    Args:
        samples: Shape (channels, n).
        weights: The weight of each channel, shape (channels,).

    Returns:
        The mix, shape (n,).
    """
    power = np.einsum("cn,cn->c", samples, samples) / samples.shape[1] * (weights > 0)
    loudest = int(power.argmax())
    active = weights * (power > MIN_ACTIVE_POWER * power[loudest])
    channel: Waveform = samples[loudest]
    if not active.any():
        return channel
    mixed: Waveform = (active @ samples) / active.sum()
    if float(mixed @ mixed) / len(mixed) < MIN_MIXED_POWER * power[loudest]:
        return channel
    return mixed
