"""A decoder turns files into the input of the models, in a sandbox or in this process."""

from typing import Protocol

from indexer.decode.content import Failed, Finished, Message, Messages, Scope
from indexer.decode.preprocess import prepare_file
from search.errors import UnreadableMediaError
from search.media.image.transform import ImageTransform
from search.media.sandbox import Limits, Sandbox, Work
from search.records import FileFacts


class Decoder(Protocol):
    """Decodes files into messages."""

    def decode(self, file: FileFacts, scope: Scope = Scope.ALL) -> Messages:
        """Yield the input of the models for a file; the last message is `Finished` or `Failed`."""

    def close(self) -> None:
        """Release all resources."""


class InlineDecoder:
    """Decodes in this process, without limits. For tests and measurements."""

    def __init__(self, transform: ImageTransform) -> None:
        self._transform = transform

    def decode(self, file: FileFacts, scope: Scope = Scope.ALL) -> Messages:
        """Yield the input of the models for a file; the last message is `Finished` or `Failed`."""
        return prepare_file(file, self._transform, scope)

    def close(self) -> None:
        """Do nothing."""


class SandboxedDecoder:
    """Decodes in a separate process with limits."""

    def __init__(self, transform: ImageTransform, limits: Limits, work: Work | None = None) -> None:
        """Prepare a decoder without starting its process.

        Args:
            transform: Applied to images there; must be picklable.
            limits: The limits of the process.
            work: The function to run there, `decode_file_there` by default.
        """
        self._sandbox = Sandbox(work or decode_file_there, transform, limits, is_last)

    def decode(self, file: FileFacts, scope: Scope = Scope.ALL) -> Messages:
        """Yield the input of the models for a file; the last message is `Finished` or `Failed`.

        A file that exceeds the limits or crashes the process fails.

        Raises:
            HomeError: No process can be started; this is not a failure of the file.
        """
        try:
            yield from self._sandbox.run((file, scope), file.size)
        except UnreadableMediaError as error:
            yield Failed(str(error))

    def close(self) -> None:
        """Kill the process, even while it decodes; may be called from another thread."""
        self._sandbox.close()


def decode_file_there(transform: ImageTransform, file: FileFacts, scope: Scope) -> Messages:
    """Yield the input of the models for a file; runs in the separate process."""
    return prepare_file(file, transform, scope)


def is_last(message: Message) -> bool:
    """Return whether a message is the last one of its file."""
    return isinstance(message, Finished | Failed)
