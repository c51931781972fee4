"""Types of the arrays that the packages exchange."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
RowMetadata = npt.NDArray[np.void]
Waveform = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Sample:
    """Random vectors of a space.

    Attributes:
        vectors: Shape (m, d), float32.
        spoken: Which of them are of recognized speech, shape (m,).
        baselines: The baselines of each vector, shape (m, k).
    """

    vectors: Vectors
    spoken: Flags
    baselines: Vectors = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    def __len__(self) -> int:
        return len(self.vectors)

    def select(self, spoken: bool) -> Vectors:
        """Return the vectors of speech, or all others, shape (n, d)."""
        return self._parts[spoken]

    @cached_property
    def _parts(self) -> tuple[Vectors, Vectors]:
        # Every query needs these, and most spaces hold no speech.
        plain = self.vectors[~self.spoken] if self.spoken.any() else self.vectors
        return plain, self.vectors[self.spoken]
