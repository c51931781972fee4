"""`crossmodal search`."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crossmodal.cli.answerer import Answerer
from crossmodal.cli.filters import filter_options
from crossmodal.cli.output import json_option, print_json
from crossmodal.cli.results import print_answer, print_paths
from crossmodal.cli.thumbnails import find_protocol, make_thumbnails, read_environment
from crossmodal.results import make_next_query
from search.errors import UnreadableMediaError, UsageError
from search.records import FILTERS, Filters, Query, QueryPart, Sort, Tier
from search.text.names import compose_name

if TYPE_CHECKING:
    from crossmodal.cli.answerer import SearchTarget
    from search.settings import Settings

# The exit status of a search that found nothing relevant.
NOTHING_FOUND = 1


@click.command("search")
@click.argument("text", required=False)
@click.option(
    "--image",
    "images",
    multiple=True,
    type=click.Path(path_type=Path),
    help="An image to search by; can be repeated.",
)
@click.option("--voice", type=click.Path(path_type=Path), help="A recording of a spoken query.")
@click.option("--voice-language", metavar="CODE", help="The language of the recording, such as en or zh.")
@click.option("--not", "exclude", multiple=True, help="What results must not show or say; can be repeated.")
@click.option("--like", multiple=True, type=int, help="The id of an item that results should resemble.")
@filter_options
@click.option(
    "--sort",
    default=str(Sort.RELEVANCE),
    show_default=True,
    type=click.Choice([str(sort) for sort in Sort]),
    help="The order of the relevant results.",
)
@click.option("--limit", default=20, show_default=True, help="The number of results.")
@click.option("--cursor", help="Continue from the `next` of an earlier search.")
@click.option(
    "--all", "include_all", is_flag=True, help="Show the whole ranking: relevant, possible and all other items."
)
@click.option(
    "--tier",
    default=None,
    type=click.Choice([str(tier) for tier in Tier]),
    help="Only results of this tier.",
)
@click.option("--exact", is_flag=True, help="Search for the text as typed; do not correct typing errors.")
@click.option("--literal", is_flag=True, help="Search for all words; do not use dates and kinds of items as filters.")
@click.option("--explain", is_flag=True, help="With --json, add the terms of each score.")
@click.option(
    "--no-stack", "--no-group", is_flag=True, help="Show near-duplicate images one by one instead of as one result."
)
@click.option(
    "--diversity", default=0.0, type=click.FloatRange(0, 1), help="Prefer results that differ from those above, 0 to 1."
)
@click.option("--paths", "only_paths", is_flag=True, help="Print only the paths of the results, one per line.")
@click.option("-0", "--null", "is_null", is_flag=True, help="Like --paths, but end each path with a NUL, for xargs -0.")
@click.option("--open", "opens", is_flag=True, help="Open the best result with the program for its type.")
@click.option("--thumbnails", is_flag=True, help="Show thumbnails, in terminals that can (kitty, iTerm2, sixel).")
@json_option
@click.pass_obj
def search_command(target: "Settings | SearchTarget", /, as_json: bool, **options: Any) -> None:
    """Search by text, image, voice or any mix."""
    query = _make_query(options)
    protocol = find_protocol(read_environment()) if options["thumbnails"] else None
    with Answerer(target) as answerer:
        answer, further = _search(answerer, query, options, is_json=as_json)
    shown = [answer] if further is None else [answer, further]
    hits = [hit for document in shown for hit in document["hits"]]
    if as_json:
        print_json(answer)
    elif options["only_paths"] or options["is_null"]:
        print_paths(shown, "\0" if options["is_null"] else "\n")
    else:
        thumbnails = make_thumbnails(answerer.home, hits, protocol) if protocol and answerer.home else None
        print_answer(answer, further, thumbnails)
    if options["opens"] and hits:
        click.launch(hits[0]["item"]["path"])
    if answer["nothing_relevant"]:
        sys.exit(NOTHING_FOUND)


def _search(
    answerer: Answerer, query: Query, options: Mapping[str, Any], is_json: bool
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the first page, and the less certain results if specific results were not requested."""
    try:
        answer = answerer.answer(query)
        if not answer["hits"] and query.filters.sources:
            _check_sources(query.filters.sources, answerer.list_sources())
        is_specific = query.include_all or options["tier"] or query.cursor or answer["next"]
        # For a pipe, less certain results would be noise.
        if is_json or is_specific or options["only_paths"] or options["is_null"]:
            return answer, None
        next_query = make_next_query(
            query, len(answer["hits"]), answer["possible"] if answer["nothing_relevant"] else None
        )
        return answer, answerer.answer(next_query) if next_query is not None else None
    except UnreadableMediaError as error:
        # The library receives bytes; only this function knows the names of the files.
        names = ", ".join(str(path) for path in (*options["images"], options["voice"]) if path)
        raise type(error)(f"{names}: {error}") from error


def _make_query(options: Mapping[str, Any]) -> Query:
    """Return the query of the command's options."""
    images = [QueryPart(image=_read_file(image)) for image in options["images"]]
    items = [QueryPart(item=item_id) for item_id in options["like"]]
    return Query(
        text=options["text"],
        parts=(*images, *items),
        voice=_read_file(options["voice"]) if options["voice"] else None,
        voice_language=_check_language(options["voice_language"]),
        exclude=options["exclude"],
        filters=Filters(**{name: options[name] for name in FILTERS}),
        sort=Sort(options["sort"]),
        limit=options["limit"],
        cursor=options["cursor"],
        include_all=options["include_all"],
        tier=Tier(options["tier"] or Tier.RELEVANT),
        correct=not options["exact"],
        recognize=not options["literal"],
        explain=options["explain"],
        stack=not options["no_stack"],
        diversity=options["diversity"],
    )


def _check_language(code: str | None) -> str | None:
    """Return the language of the recording. Raises UsageError if it is not a code of a language."""
    if code is not None and not (code.isascii() and code.isalpha() and code.islower() and len(code) in (2, 3)):
        raise UsageError(f"--voice-language must be a code of ISO 639-1 such as en or zh, not {code!r}")
    return code


def _check_sources(paths: Iterable[str], sources: Iterable[str]) -> None:
    """Raise UsageError if a path is none of the sources that the caller may read: what they may not read is unknown."""
    known = {compose_name(source) for source in sources}
    for path in paths:
        if compose_name(path) not in known:
            raise UsageError(f"There is no source {path}. `crossmodal status` lists the sources.")


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}") from error
