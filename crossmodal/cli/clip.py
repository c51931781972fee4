"""`crossmodal clip`."""

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crossmodal.cli.library import open_library
from crossmodal.cli.output import json_option, print_json
from search.errors import NotFoundError, UsageError
from search.settings import Settings

if TYPE_CHECKING:
    from crossmodal.protocol import AnyLibrary
    from search.records import Item

# Seconds, or hours, minutes and seconds with colons between them.
_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)", re.ASCII)


class _Time(click.ParamType[float]):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = _TIME.fullmatch(str(value))
        if found is None:
            self.fail(
                f"{value!r} is not a time. Write seconds, or minutes and seconds, such as 83.5 or 1:23.5.", param, ctx
            )
        hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return 3600 * hours + 60 * minutes + seconds


@click.command("clip")
@click.argument("recording")
@click.argument("start", type=_Time())
@click.argument("end", type=_Time())
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; an existing one is replaced [default: the name of the recording with the times, here].",
)
@json_option
@click.pass_obj
def clip_command(
    settings: Settings, recording: str, start: float, end: float, output: Path | None, as_json: bool
) -> None:
    """Cut a part out of a recording of the library, as an MP4 file without metadata.

    RECORDING is the path of a file or the id of an item. START and END are seconds, or minutes and seconds such as
    1:23.5. Images and sound are copied where MP4 can contain them, and encoded otherwise.
    """
    from search.clips import name_clip
    from search.media.recording.cutting import Span

    with open_library(settings) as library:
        item = _find_item(library, recording)
        path = library.clip(item.id, start, end, output or name_clip(item, Span(start, end)))
    if as_json:
        print_json({"path": str(path), "item": item.id, "start": start, "end": end})
    else:
        click.echo(str(path))


def _find_item(library: "AnyLibrary", recording: str) -> "Item":
    """Return the item with a path or an id.

    Raises:
        NotFoundError: There is none.
    """
    from crossmodal.arguments import resolve_path

    if recording.isascii() and recording.isdecimal() and not Path(recording).exists():
        return library.get(int(recording))
    path = resolve_path(recording)
    with suppress(UsageError):  # nothing is known at this path
        for hit in library.search(path=path, limit=1):
            if hit.item.path == path:
                return hit.item
    raise NotFoundError(f"{path} is not in the library, or cannot be found. `crossmodal files` lists the files.")
