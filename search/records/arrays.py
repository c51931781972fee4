"""Types of the arrays that the packages exchange."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    # Embeddings, and other floating-point numbers. Stored vectors are float16, despite the type; docstrings say so.
    Vectors = npt.NDArray[np.float32]
    # Ids of rows, positions in arrays, and 64-bit perceptual hashes.
    Ids = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]
    # Shape (n,), of the dtype `search.storage.embedding_rows.ROW_METADATA`.
    RowMetadata = npt.NDArray[np.void]
    # Mono audio, -1 to 1, shape (samples,).
    Waveform = npt.NDArray[np.float32]
    # Image pixels, shape (height, width, 3) unless stated otherwise.
    Pixels = npt.NDArray[np.uint8]
else:
    # Commands that ask a server start without numpy.
    Vectors = Ids = Flags = RowMetadata = Waveform = Pixels = Any


def _make_no_baselines() -> Vectors:
    import numpy as np

    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class Sample:
    """Random vectors of a space.

    Attributes:
        vectors: Shape (m, d), float32.
        spoken: Which vectors are of recognized speech, shape (m,).
        baselines: The baselines of each vector, shape (m, k), float32.
    """

    vectors: Vectors
    spoken: Flags
    baselines: Vectors = field(default_factory=_make_no_baselines)

    def __len__(self) -> int:
        return len(self.vectors)

    def select(self, spoken: bool) -> Vectors:
        """Return the vectors of recognized speech if `spoken`, otherwise all others, shape (n, d)."""
        return self._parts[spoken]

    @cached_property
    def _parts(self) -> tuple[Vectors, Vectors]:
        # Cached, since every query needs these. Most spaces contain no speech, so no copy is needed.
        unspoken = self.vectors[~self.spoken] if self.spoken.any() else self.vectors
        return unspoken, self.vectors[self.spoken]
