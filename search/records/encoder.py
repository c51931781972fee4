"""What the catalog records of an encoder."""

from typing import Protocol

# The high quantile of the similarities with the query bank. Baselines store it, and traits of a text include it.
BANK_QUANTILE = 0.98


class EncoderFacts(Protocol):
    """The properties of an encoder that the catalog stores."""

    @property
    def name(self) -> str:
        """The name of the model."""

    @property
    def fingerprint(self) -> str:
        """A hash of everything that affects its vectors."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""
