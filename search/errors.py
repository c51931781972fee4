"""One exception tree. Each class carries the CLI exit status and the HTTP status it maps to."""

from typing import ClassVar


class CrossmodalError(Exception):
    """Base of every error that is meant for the user; its text is one line that says what to do."""

    exit_status: ClassVar[int] = 3
    http_status: ClassVar[int] = 500
    title: ClassVar[str] = "The request could not be answered"


class UsageError(CrossmodalError):
    """The request itself is wrong: a field, an option or an argument."""

    exit_status = 2
    http_status = 400
    title = "The request is not valid"


class UnreadableMediaError(CrossmodalError):
    """A file is not what it claims to be, is damaged, empty, or of a kind that cannot be read."""

    exit_status = 2
    http_status = 422
    title = "The file cannot be read"


class NothingHeardError(UnreadableMediaError):
    """A voice query holds no speech."""

    title = "Nothing was heard"


class NotFoundError(CrossmodalError):
    """The item, source or thumbnail asked for does not exist."""

    exit_status = 2
    http_status = 404
    title = "Not found"


class HomeError(CrossmodalError):
    """The home cannot be used: missing, unwritable, made by a newer version, or by another model."""

    http_status = 503
    title = "The home cannot be used"


class BusyError(CrossmodalError):
    """Too much is being asked for at once."""

    http_status = 503
    title = "Busy"


class ModelError(CrossmodalError):
    """A model cannot be loaded, or its files are not what they should be."""

    http_status = 503
    title = "A model cannot be used"


def find_reason(error: Exception) -> str:
    """Return the first line of what an exception of somebody else says, or its name where it says nothing."""
    said = str(error).strip()
    return said.splitlines()[0] if said else type(error).__name__
