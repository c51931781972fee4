"""The types of the columns: each makes its values storable, whatever file or request they come from."""

from typing import Any

from sqlalchemy import BigInteger, Float, Text, TypeDecorator

from search.storable import clamp_integer, clean_string, drop_non_finite


class StorableText(TypeDecorator[str]):
    """A text; characters that cannot be stored are replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """Return the value to store or to compare with."""
        return clean_string(value) if isinstance(value, str) else value


class StorableInteger(TypeDecorator[int]):
    """A whole number of 64 bits; larger ones become the largest. So an id that is too large is the id of no row."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Any) -> int | None:
        """Return the value to store or to compare with."""
        return clamp_integer(value) if isinstance(value, int) else value


class StorableFloat(TypeDecorator[float]):
    """A finite number; NaN and infinity are stored as NULL."""

    impl = Float
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Any) -> float | None:
        """Return the value to store or to compare with."""
        return drop_non_finite(value) if value is not None else None
