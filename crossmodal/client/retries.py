"""When a failed request is sent again."""

import random
import time

import httpx2

from crossmodal.client.problems import RefusedError
from crossmodal.client.target import Target
from search.errors import CrossmodalError, ServerError

MAX_ATTEMPTS = 6
# Seconds before the second attempt; doubled before each further one.
FIRST_PAUSE, MAX_PAUSE = 0.25, 8.0


class Retries:
    """Decides about the repetition of one request.

    The pauses grow, up to a limit, and are random, so that clients that failed together do not come back together.
    """

    def __init__(self, target: Target, is_repeatable: bool, max_attempts: float = MAX_ATTEMPTS) -> None:
        """Begin to count.

        Args:
            target: The server, and the deadline.
            is_repeatable: Whether the request can be sent again.
            max_attempts: How often it is sent before the deadline.
        """
        self._target = target
        self._is_repeatable = is_repeatable
        self._max_attempts = max_attempts
        self.start()

    def start(self) -> None:
        """Begin to count, also after a success."""
        self._attempts = 0
        self._end = time.monotonic() + self._target.deadline

    def plan(self, error: RefusedError | httpx2.RequestError) -> float:
        """Return the seconds to wait before the request is sent again.

        Args:
            error: What went wrong.

        Raises:
            CrossmodalError: The request is not sent again.
        """
        self._attempts += 1
        pause = min(MAX_PAUSE, FIRST_PAUSE * 2.0 ** min(self._attempts - 1, MAX_ATTEMPTS)) * random.uniform(0.5, 1.0)
        is_passing = True
        if isinstance(error, RefusedError):
            pause = max(pause, error.seconds)
            is_passing = error.is_passing
        is_late = time.monotonic() + pause > self._end
        if not (self._is_repeatable and is_passing) or is_late or self._attempts >= self._max_attempts:
            raise self._explain(error) from error
        return pause

    def _explain(self, error: RefusedError | httpx2.RequestError) -> CrossmodalError:
        """Return the error that the method of the client raises."""
        if isinstance(error, RefusedError):
            return error.error
        url = self._target.url
        if isinstance(error, httpx2.TimeoutException):
            return ServerError(
                f"{url} did not answer within {self._target.timeout:g} seconds. Check that the server runs, or wait "
                "longer (timeout)."
            )
        return ServerError(
            f"Cannot reach {url}: {str(error) or type(error).__name__}. Check the address, and that the server runs."
        )
