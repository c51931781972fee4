"""Names for the arrays that cross room borders."""

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
    """Some of what a space holds, drawn at random.

    Attributes:
        vectors: Shape (m, d).
        spoken: Which of them are of speech, shape (m,).
        baselines: What the query bank scores against each, shape (m, k).
    """

    vectors: Vectors
    spoken: Flags
    baselines: Vectors = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    def __len__(self) -> int:
        return len(self.vectors)

    def select(self, spoken: bool) -> Vectors:
        """Return the vectors of speech, or those of all else."""
        return self._parts[spoken]

    @cached_property
    def _parts(self) -> tuple[Vectors, Vectors]:
        # Asked by every query, and mostly for all of it.
        plain = self.vectors[~self.spoken] if self.spoken.any() else self.vectors
        return plain, self.vectors[self.spoken]
