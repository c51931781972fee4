"""`crossmodal search`."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crossmodal.cli.filters import filter_options
from crossmodal.cli.output import OUTDATED, format_time, json_option, print_json
from search.errors import UnreadableMediaError, UsageError
from search.records import Answer, Evidence, Filters, Query, QueryPart, Sort, Tier
from search.settings import Settings

if TYPE_CHECKING:
    from search.engine import Engine

# The exit status of a search that found nothing relevant.
NOTHING_FOUND = 1


@click.command("search")
@click.argument("text", required=False)
@click.option(
    "--image",
    "images",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A picture to search by; may be given more than once.",
)
@click.option("--voice", type=click.Path(path_type=Path), help="A recording of a spoken query.")
@click.option("--not", "exclude", multiple=True, help="What hits must not show.")
@click.option("--like", multiple=True, type=int, help="The id of an item that hits should resemble.")
@filter_options
@click.option(
    "--sort",
    default=str(Sort.RELEVANCE),
    show_default=True,
    type=click.Choice([str(one) for one in Sort]),
    help="The order of the relevant hits.",
)
@click.option("--limit", default=20, show_default=True, help="How many hits.")
@click.option("--cursor", help="Go on from an earlier answer's `next`.")
@click.option("--all", "include_all", is_flag=True, help="The whole ranking: relevant, possible and the rest.")
@click.option(
    "--tier",
    default=None,
    type=click.Choice([str(one) for one in Tier]),
    help="Only results of this tier.",
)
@click.option("--exact", is_flag=True, help="Search for the words as typed; typing errors are not corrected.")
@click.option("--explain", is_flag=True, help="With --json: add every term of each score.")
@click.option("--no-group", is_flag=True, help="Show near-identical pictures one by one instead of as one result.")
@click.option("--diversity", default=0.0, type=click.FloatRange(0, 1), help="Prefer hits unlike those above, 0 to 1.")
@json_option
@click.pass_obj
def search_command(
    settings: Settings,
    /,
    text: str | None,
    images: tuple[Path, ...],
    voice: Path | None,
    exclude: tuple[str, ...],
    like: tuple[int, ...],
    sort: str,
    limit: int,
    cursor: str | None,
    include_all: bool,
    tier: str | None,
    exact: bool,
    explain: bool,
    no_group: bool,
    diversity: float,
    as_json: bool,
    **filters: Any,
) -> None:
    """Search by text, picture, voice or any mix."""
    from search.engine import Engine
    from search.library import open_library
    from search.serializers import serialize_answer

    query = Query(
        text=text,
        parts=(
            *(QueryPart(image=_read_file(one)) for one in images),
            *(QueryPart(item=item_id) for item_id in like),
        ),
        voice=_read_file(voice) if voice else None,
        exclude=exclude,
        filters=Filters(**filters),
        sort=Sort(sort),
        limit=limit,
        cursor=cursor,
        include_all=include_all,
        tier=Tier(tier or Tier.RELEVANT),
        correct=not exact,
        explain=explain,
        stack=not no_group,
        diversity=diversity,
    )
    further = None
    with open_library(settings) as library:
        engine = Engine(library)
        try:
            answer = engine.search(query)
            # Who asks for a part of the results gets that part.
            if not (as_json or include_all or tier or cursor or answer.next):
                further = _find_less_certain(engine, query, answer)
        except UnreadableMediaError as error:
            # The engine sees bytes; only here is it known which file they came from.
            names = ", ".join(str(one) for one in (*images, voice) if one)
            raise type(error)(f"{names}: {error}") from error
    if as_json:
        print_json(serialize_answer(query, answer))
    else:
        _print_answer(answer, further)
    if answer.nothing_relevant:
        sys.exit(NOTHING_FOUND)


def _find_less_certain(engine: "Engine", query: Query, answer: Answer) -> Answer | None:
    """Return what follows the relevant results: the possible ones, or the closest where nothing is relevant."""
    if answer.nothing_relevant and answer.possible < query.limit:
        return engine.search(replace(query, include_all=True))
    left = query.limit - len(answer.hits)
    return engine.search(replace(query, tier=Tier.POSSIBLE, limit=left)) if left > 0 else None


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _print_answer(answer: Answer, further: Answer | None) -> None:
    """Print the results, and those that are less certain below them."""
    if answer.voice:
        language = f" ({answer.voice.language})" if answer.voice.language else ""
        click.echo(f'heard{language}: "{answer.voice.text}"')
        if answer.voice.translation:
            click.echo(f'searched for: "{answer.voice.translation}"')
    if answer.only_english:
        click.echo(
            f"the query is in {answer.language}, and {' and '.join(answer.only_english)} only understands English"
        )
    if answer.corrected:
        click.echo(f'Showing results for "{answer.corrected}". To search instead for "{answer.text}", pass --exact.')
    closest = further.hits if further else answer.hits
    if answer.coverage.outdated:
        click.echo(f"not searched yet: {', '.join(answer.coverage.outdated)}; {OUTDATED}", err=True)
    if answer.nothing_relevant:
        click.echo("Nothing relevant found." + (" Closest matches:" if closest else ""))
    _print_hits(answer)
    if further and further.hits:
        if not answer.nothing_relevant:
            click.echo("Less certain:")
        _print_hits(further, len(answer.hits))
    if answer.next:
        total = f"about {answer.total}" if answer.total_is_estimate else answer.total
        click.echo(f"      {total} relevant in all; go on with --cursor {answer.next}")


def _print_hits(answer: Answer, offset: int = 0) -> None:
    is_terminal = sys.stdout.isatty()
    for hit in answer.hits:
        click.echo(f"{offset + hit.rank:4}  {hit.score:.2f}  {click.style(hit.item.path, bold=is_terminal)}")
        if hit.stacked:
            click.echo(f"            and {len(hit.stacked)} near-identical")
        for evidence in hit.evidence[:2]:
            click.echo(f"            {_describe(evidence)}")


def _describe(evidence: Evidence) -> str:
    place = f" at {format_time(evidence.start)}" if evidence.start is not None else ""
    page = f" on page {evidence.page}" if evidence.page is not None else ""
    snippet = f": {evidence.snippet}" if evidence.snippet else ""
    return f"{evidence.retriever} ({evidence.kind}{place}{page}){snippet}"
