"""`crossmodal search`."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from crossmodal.cli.filters import filter_options
from crossmodal.cli.library import open_library
from crossmodal.cli.output import OUTDATED, format_time, json_option, print_json
from crossmodal.results import make_further_query
from search.errors import UnreadableMediaError, UsageError
from search.locations import FULL_DISCLOSURE
from search.records import FILTERS, Answer, Evidence, Filters, Item, Query, QueryPart, Sort, Tier
from search.settings import Settings
from search.storable import show_controls
from search.text.names import compose_name

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
@click.option("--explain", is_flag=True, help="With --json, add the terms of each score.")
@click.option(
    "--no-stack", "--no-group", is_flag=True, help="Show near-duplicate images one by one instead of as one result."
)
@click.option(
    "--diversity", default=0.0, type=click.FloatRange(0, 1), help="Prefer results that differ from those above, 0 to 1."
)
@json_option
@click.pass_obj
def search_command(settings: Settings, /, as_json: bool, **options: Any) -> None:
    """Search by text, image, voice or any mix."""
    from search.serializers import serialize_answer

    query = _make_query(options)
    further = None
    with open_library(settings) as library:
        try:
            answer = library.answer(query)
            if not answer.hits and query.filters.sources:
                _check_sources(query.filters.sources, library.status()["sources"])
            # Less certain results are shown unless specific results were requested.
            if not (as_json or query.include_all or options["tier"] or query.cursor or answer.next):
                next_query = make_further_query(query, answer)
                further = library.answer(next_query) if next_query is not None else None
        except UnreadableMediaError as error:
            # The library receives bytes; only this function knows the names of the files.
            names = ", ".join(str(path) for path in (*options["images"], options["voice"]) if path)
            raise type(error)(f"{names}: {error}") from error
    if as_json:
        print_json(serialize_answer(query, answer, FULL_DISCLOSURE))
    else:
        _print_answer(answer, further)
    if answer.nothing_relevant:
        sys.exit(NOTHING_FOUND)


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


def _print_answer(answer: Answer, further: Answer | None) -> None:
    """Print the relevant results, then the less certain ones."""
    _print_reading(answer)
    closest = further.hits if further else answer.hits
    if answer.coverage.outdated:
        click.echo(f"Not searched yet: {', '.join(answer.coverage.outdated)}; {OUTDATED}", err=True)
    if answer.nothing_relevant:
        click.echo("Nothing relevant found." + (" Closest matches:" if closest else ""))
    _print_hits(answer)
    if further and further.hits:
        if not answer.nothing_relevant:
            click.echo("Less certain:")
        _print_hits(further, len(answer.hits))
    if answer.next:
        total = f"about {answer.total}" if answer.total_is_estimate else answer.total
        click.echo(f"      {total} relevant in total; for the next page, pass --cursor {answer.next}")


def _print_reading(answer: Answer) -> None:
    """Print how the query was read, where that is not obvious."""
    if answer.voice:
        language = f" ({answer.voice.language})" if answer.voice.language else ""
        click.echo(f'Recognized speech{language}: "{answer.voice.text}"')
        if answer.voice.translation:
            click.echo(f'Searched for: "{answer.voice.translation}"')
    if answer.only_english:
        click.echo(f"The query is in {answer.language}. English only: {', '.join(answer.only_english)}")
    if answer.corrected:
        click.echo(f'Showing results for "{answer.corrected}". To search instead for "{answer.text}", pass --exact.')
    if answer.open_quote:
        click.echo(f"A quotation mark is not closed and was read as plain text: {answer.open_quote}")


def _print_hits(answer: Answer, offset: int = 0) -> None:
    is_terminal = sys.stdout.isatty()
    for hit in answer.hits:
        click.echo(
            f"{offset + hit.rank:4}  {hit.score:.2f}  {click.style(show_controls(hit.item.path), bold=is_terminal)}"
        )
        if hit.stacked:
            click.echo(f"            and {len(hit.stacked)} near-duplicates")
        if hit.is_date_guessed:
            click.echo(f"            date guessed: {_describe_date(hit.item)}")
        for evidence in hit.evidence[:2]:
            click.echo(f"            {_describe(evidence)}")


def _describe_date(item: Item) -> str:
    if item.facts.captured_at is not None:
        return f"{item.facts.captured_at[:10]} from the file name"
    return f"{(item.modified_at or '')[:10]} when the file was modified"


def _describe(evidence: Evidence) -> str:
    place = f" at {format_time(evidence.start)}" if evidence.start is not None else ""
    page = f" on page {evidence.page}" if evidence.page is not None else ""
    snippet = f": {evidence.snippet}" if evidence.snippet else ""
    return f"{evidence.retriever} ({evidence.kind}{place}{page}){snippet}"
