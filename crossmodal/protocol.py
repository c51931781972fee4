"""What can be done with any library, on this machine or on a server.

`crossmodal.Library` and `crossmodal.Client` have these methods; programs that only use them work with both.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, Self, Unpack

from crossmodal.arguments import PathName, ProgressCallback, SearchOptions
from crossmodal.results import IndexSummary, SearchResults

if TYPE_CHECKING:
    from search.records import Album, Answer, FoundSegment, Item, Job, Query


class AnyLibrary(Protocol):
    """A library on this machine or on a server.

    Paths are those of the machine that the library is on. Errors are the same for both; a server can also raise
    ServerError, if it cannot be reached, SignInError and NotAllowedError.
    """

    def search(self, text: str | None = None, **options: Unpack[SearchOptions]) -> SearchResults:
        """Search by text, images, voice, known items, or any mix. With filters only, list the newest items."""

    def similar(self, item_id: int, limit: int = 20) -> SearchResults:
        """Return the other items, the most similar first, relevant or not."""

    def answer(self, query: "Query") -> "Answer":
        """Return one page of the results of a query, with everything that is known about the answer."""

    def index(
        self,
        *paths: PathName,
        retry_failed: bool = False,
        exclude: str | Iterable[str] | None = None,
        hidden: bool | None = None,
        progress: ProgressCallback | None = None,
    ) -> IndexSummary:
        """Add files and folders to the library, or bring them up to date."""

    def items(self, state: str | None = None) -> "Iterator[Item]":
        """Return all items, or those in one state, in the order of their paths."""

    def get(self, item_id: int) -> "Item":
        """Return one item."""

    def segments(self, item_id: int) -> "list[FoundSegment]":
        """Return all segments of an item, in order."""

    def machine_tags(self) -> list[dict[str, Any]]:
        """Return the tags that the machine can give."""

    def albums(self) -> "list[Album]":
        """Return the albums."""

    def rename_album(self, album_id: int, name: str) -> "Album":
        """Change the name of an album."""

    def set_album_cover(self, album_id: int, item_id: int | None) -> "Album":
        """Choose the item that represents an album; None for its first item."""

    def order_album(self, album_id: int, item_ids: Iterable[int]) -> "Album":
        """Set the order in which an album shows its items."""

    def forget(self, *paths: PathName, missing_for: float | None = None) -> int:
        """Remove files and folders from the library, and return the number of removed items."""

    def hide(self, *paths: PathName, items: int | Iterable[int] = ()) -> int:
        """Hide items, and copies of them, for good, and return the number of hidden items."""

    def unhide(self, *paths: PathName, items: int | Iterable[int] = ()) -> int:
        """Show hidden items again, and return their number."""

    def hidden(self) -> "list[Item]":
        """Return what is hidden, in the order of the paths."""

    def status(self) -> dict[str, Any]:
        """Return the same document as `crossmodal status --json`."""

    def jobs(self) -> "list[Job]":
        """Return the newest jobs, newest first."""

    def job(self, job_id: int) -> "Job":
        """Return one job."""

    def follow_job(self, job_id: int) -> "Iterator[Job]":
        """Yield a job now and whenever it changes, until it is over."""

    def cancel_job(self, job_id: int) -> "Job":
        """Cancel a queued job, or stop the running one."""

    def remove_job(self, job_id: int) -> "Job":
        """Remove a job that has ended, and cancel any other."""

    def retry_job(self, job_id: int) -> "Job":
        """Queue a job again, and return the new one."""

    def close(self) -> None:
        """Close the library. Closing it twice has no effect."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...
