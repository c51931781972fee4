"""Decoding of media in the process of the test."""

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class InlineMedia:
    """Calls functions in this process, without limits on memory and time."""

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Return the result of a function."""
        return function(*arguments)

    def warm_up(self, function: Callable[[], None]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
