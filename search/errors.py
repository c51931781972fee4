"""All errors that are reported to the user.

Each class declares how it is reported: by the exit status of the command line, and by the HTTP status, type and title
of an RFC 9457 problem in the REST API.
"""

import traceback
from typing import ClassVar

# The causes of an exception that are logged.
MAX_CAUSES = 5


class CrossmodalError(Exception):
    """Base of all errors for the user. The message is one line: what happened, then what to do.

    Attributes:
        exit_status: The exit status of the command line.
        http_status: The HTTP status of the REST API.
        problem_type: A URI that identifies the class of problem.
        title: The title of the problem, the same for every error of the class.
    """

    exit_status: ClassVar[int] = 3
    http_status: ClassVar[int] = 500
    problem_type: ClassVar[str] = "about:blank"
    title: ClassVar[str] = "The request could not be answered"


class UsageError(CrossmodalError):
    """A field, an option or an argument of the request is not valid."""

    exit_status = 2
    http_status = 400
    problem_type = "urn:crossmodal:problem:invalid-request"
    title = "The request is not valid"


class UnreadableMediaError(CrossmodalError):
    """A file is damaged, empty, of another format than it claims, or of an unsupported format."""

    exit_status = 2
    http_status = 422
    problem_type = "urn:crossmodal:problem:unreadable-media"
    title = "The file cannot be read"


class MediaLimitError(UnreadableMediaError):
    """An image has too many pixels, a recording is too long, or decoding needs too much memory or time."""

    problem_type = "urn:crossmodal:problem:media-limit"
    title = "The file exceeds a limit"


class NoSpeechError(UnreadableMediaError):
    """A voice query contains no speech."""

    problem_type = "urn:crossmodal:problem:no-speech"
    title = "No speech recognized"


class NotFoundError(CrossmodalError):
    """The requested item, source, job or image does not exist."""

    exit_status = 2
    http_status = 404
    problem_type = "urn:crossmodal:problem:not-found"
    title = "Not found"


class KeyInUseError(CrossmodalError):
    """The request with this `Idempotency-Key` is still being processed.

    Repeat the request later to get its response.
    """

    http_status = 409
    problem_type = "urn:crossmodal:problem:key-in-use"
    title = "The request is still being processed"


class KeyReusedError(CrossmodalError):
    """The `Idempotency-Key` was sent before with another request.

    Send a new key for each request, and the same key only to repeat a request.
    """

    http_status = 422
    problem_type = "urn:crossmodal:problem:key-reused"
    title = "The key was used for another request"


class NameConflictError(CrossmodalError):
    """A file cannot be stored under its name, because another file has the name of one of its folders.

    Send the file under another name.
    """

    exit_status = 2
    http_status = 409
    problem_type = "urn:crossmodal:problem:name-conflict"
    title = "The name is taken"


class HomeError(CrossmodalError):
    """The home cannot be used: missing, not writable, or made by a newer version or another model."""

    http_status = 503
    problem_type = "urn:crossmodal:problem:home"
    title = "The home cannot be used"


class BusyError(CrossmodalError):
    """The server is answering too many requests at once, or has too many connections.

    The header `Retry-After` says after how many seconds to send the request again.
    """

    http_status = 503
    problem_type = "urn:crossmodal:problem:busy"
    title = "Busy"


class LoadingError(CrossmodalError):
    """The server has started, and is still loading models or indexes.

    Requests are answered, but those that need what is being loaded wait for it.
    """

    http_status = 503
    problem_type = "urn:crossmodal:problem:loading"
    title = "Still loading"


class StorageError(CrossmodalError):
    """The disk of a file does not respond. Other files can be read.

    Check the disk and its connection, then send the request again.
    """

    http_status = 503
    problem_type = "urn:crossmodal:problem:storage"
    title = "The disk does not respond"


class ServerError(CrossmodalError):
    """A client cannot reach the server, or what answers is not a Crossmodal server."""

    http_status = 502
    problem_type = "urn:crossmodal:problem:server"
    title = "The server does not answer"


class DeadlineError(BusyError):
    """The request took longer than the setting `deadline` allows. Ask for less, or try again later."""

    problem_type = "urn:crossmodal:problem:deadline"
    title = "The request took too long"


class ListenError(CrossmodalError):
    """The server cannot listen: the port is in use, or the address is not one of this machine."""

    problem_type = "urn:crossmodal:problem:listen"
    title = "The server cannot listen"


class ModelError(CrossmodalError):
    """A model cannot be loaded, or its files are not the expected ones."""

    http_status = 503
    problem_type = "urn:crossmodal:problem:model"
    title = "A model cannot be used"


class UnreachableError(ModelError):
    """The model hub cannot be reached."""

    problem_type = "urn:crossmodal:problem:hub-unreachable"
    title = "The model hub cannot be reached"


class IncompleteError(CrossmodalError):
    """Too many files could not be read for a new model to replace the old one."""

    problem_type = "urn:crossmodal:problem:incomplete"
    title = "The model change is incomplete"


class CancelledError(CrossmodalError):
    """A job was cancelled while it ran."""

    problem_type = "urn:crossmodal:problem:cancelled"
    title = "The job was cancelled"


class SignInError(CrossmodalError):
    """The request is from someone who has not signed in, or whose key, session or link has expired.

    Sign in on the page `/sign-in`, or send an API key: `Authorization: Bearer KEY`.
    """

    http_status = 401
    problem_type = "urn:crossmodal:problem:sign-in-required"
    title = "Sign in first"


class ThrottleError(CrossmodalError):
    """Too many wrong passwords were sent from the address of the client.

    The header `Retry-After` says after how many seconds to send the next one. Sessions and API keys go on.

    Attributes:
        seconds: After how many seconds.
    """

    http_status = 429
    problem_type = "urn:crossmodal:problem:wrong-passwords"
    title = "Too many wrong passwords"

    def __init__(self, message: str, seconds: int = 1) -> None:
        super().__init__(message)
        self.seconds = seconds


class ProviderError(CrossmodalError):
    """The identity provider, through which people sign in, cannot be reached or is set up wrongly."""

    http_status = 502
    problem_type = "urn:crossmodal:problem:identity-provider"
    title = "The identity provider cannot be used"


class NotAllowedError(CrossmodalError):
    """The account or key may not do this, or it would expose the library to others."""

    http_status = 403
    problem_type = "urn:crossmodal:problem:not-allowed"
    title = "Not allowed"


class LocationHiddenError(CrossmodalError):
    """A file may name the place where it was made, which the client may not see."""

    http_status = 403
    problem_type = "urn:crossmodal:problem:location-hidden"
    title = "The location of the file is hidden"


class QueriesNotKeptError(CrossmodalError):
    """The request would store a query, and the server keeps none.

    The setting `keep_queries` permits it.
    """

    http_status = 403
    problem_type = "urn:crossmodal:problem:queries-not-kept"
    title = "This server keeps no queries"


def find_reason(error: Exception) -> str:
    """Return the first line of the message of another package's exception, or its class name if it has none."""
    message = str(error).strip()
    return message.splitlines()[0] if message else type(error).__name__


def describe_stack(error: BaseException) -> str:
    """Return where an exception was raised, with its type and causes, for a log.

    Messages are left out: they can contain what a user has searched for.
    """
    parts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(parts) < MAX_CAUSES:
        kind = type(cause)
        parts.append("".join(traceback.format_tb(cause.__traceback__)) + f"{kind.__module__}.{kind.__qualname__}")
        cause = cause.__cause__ or cause.__context__
    return "\ncaused by\n".join(parts)
