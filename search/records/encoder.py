"""What the catalog records of an encoder."""

from typing import Protocol


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
