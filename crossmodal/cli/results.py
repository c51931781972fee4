"""The results of a search as text for a terminal or a pipe. They are read from the document that `--json` prints."""

import os
import socket
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from crossmodal.cli.output import OUTDATED, format_time
from search.records import FILTERS, IntentKind
from search.storable import show_controls

Document = Mapping[str, Any]
# Evidence that is printed of each result.
MAX_EVIDENCE = 2
INDENT = " " * 12
# How much of a guessed date is known, in characters, by its precision; 10 for a day.
LENGTHS = {"month": 7, "season": 7, "year": 4}


def print_paths(documents: Iterable[Document], end: str) -> None:
    """Print the paths of results, each followed by `end`, as bytes that file names can contain."""
    stream = sys.stdout.buffer
    for document in documents:
        for hit in document["hits"]:
            stream.write(os.fsencode(hit["item"]["path"] + end))
    stream.flush()


def print_answer(answer: Document, further: Document | None, thumbnails: "Sequence[str] | None" = None) -> None:
    """Print the relevant results, then the less certain ones.

    Args:
        answer: The first page.
        further: The less certain results, if they were searched.
        thumbnails: The control sequences that show the picture of each result, in order; None to show none.
    """
    _print_reading(answer)
    closest = further["hits"] if further else answer["hits"]
    if answer["coverage"]["outdated"]:
        click.echo(f"Not searched yet: {', '.join(answer['coverage']['outdated'])}; {OUTDATED}", err=True)
    if answer["nothing_relevant"]:
        click.echo("Nothing relevant found." + (" Closest matches:" if closest else ""))
        _print_way_out(answer, bool(closest))
    pictures = iter(thumbnails or ())
    _print_hits(answer["hits"], 0, pictures)
    if further and further["hits"]:
        if not answer["nothing_relevant"]:
            click.echo("Less certain:")
        _print_hits(further["hits"], len(answer["hits"]), pictures)
    if answer["next"]:
        total = f"about {answer['total']}" if answer["total_is_estimate"] else answer["total"]
        click.echo(f"      {total} relevant in total; for the next page, pass --cursor {answer['next']}")


def _print_reading(answer: Document) -> None:
    """Print how the query was read, where that is not obvious."""
    query = answer["query"]
    if query["voice_text"]:
        language = f" ({query['voice_language']})" if query["voice_language"] else ""
        click.echo(f'Recognized speech{language}: "{query["voice_text"]}"')
        if query["voice_translation"]:
            click.echo(f'Searched for: "{query["voice_translation"]}"')
    if query["only_english"]:
        click.echo(f"The query is in {query['language']}. English only: {', '.join(query['only_english'])}")
    if query["corrected"]:
        click.echo(
            f'Showing results for "{query["corrected"]}". To search instead for "{query["text"]}", pass --exact.'
        )
    for one in _list_recognized(answer):
        click.echo(f'Read as a filter: "{one["text"]}" ({_describe_filters(one["filters"])})')
    if query["open_quote"]:
        click.echo(f"A quotation mark is not closed and was read as plain text: {query['open_quote']}")


def _list_recognized(answer: Document) -> list[Document]:
    """Return the words of the query that were read as filters, without those that were typed as filters."""
    return [one for one in answer["query"]["recognized"] if one["kind"] != IntentKind.FILTER]


def _print_way_out(answer: Document, has_closest: bool) -> None:
    """Print how to search without the filters that words of the query became."""
    words = [f'"{one["text"]}"' for one in _list_recognized(answer)]
    if words:
        none = "" if has_closest else f"No item satisfies {' and '.join(words)}. "
        click.echo(f"{none}To search for these words instead, pass --literal.")


def _describe_filters(filters: Document) -> str:
    values = {FILTERS[name].keyword: value for name, value in filters.items() if name in FILTERS}
    return " ".join(f"{name}:{value if isinstance(value, str) else ','.join(value)}" for name, value in values.items())


def _print_hits(hits: Iterable[Document], offset: int, pictures: Any) -> None:
    is_terminal = sys.stdout.isatty()
    for hit in hits:
        picture = next(pictures, None)
        if picture:
            click.echo(picture)
        name = click.style(show_controls(hit["item"]["path"]), bold=is_terminal)
        name = link(name, hit["item"]["path"]) if is_terminal and has_links() else name
        click.echo(f"{offset + hit['rank']:4}  {hit['score']:.2f}  {name}")
        for line in _describe_hit(hit):
            click.echo(INDENT + line)


def _describe_hit(hit: Document) -> list[str]:
    lines = [" · ".join(describe_item(hit["item"]))]
    if hit["stacked"]:
        lines.append(f"and {len(hit['stacked'])} near-duplicates")
    if hit["date_guessed"]:
        lines.append(f"date guessed: {_describe_guess(hit['item'])}")
    lines += [_describe_evidence(evidence) for evidence in hit["evidence"][:MAX_EVIDENCE]]
    return [line for line in lines if line]


def describe_item(item: Document) -> list[str]:
    """Return the date, the duration and the place of an item, as far as they are known."""
    date = (item["captured_at"] or "")[: LENGTHS.get(item["date_precision"] or "", 10)]
    facts = [f"about {date}" if date and item["is_date_guessed"] else date, format_time(item["duration"])]
    if item["places"]:
        facts.append(", ".join(place["name"] for place in item["places"] if place["level"] != "region"))
    elif item["latitude"] is not None and item["longitude"] is not None:
        facts.append(f"{item['latitude']:.4f}, {item['longitude']:.4f}")
    return [fact for fact in facts if fact]


def _describe_guess(item: Document) -> str:
    if item["captured_at"] is not None:
        length = LENGTHS.get(item["date_precision"] or "", 10)
        return f"{item['captured_at'][:length]} from its name or folder"
    return f"{(item['modified_at'] or '')[:10]} when the file was modified"


def _describe_evidence(evidence: Document) -> str:
    place = f" at {format_time(evidence['start'])}" if evidence["start"] is not None else ""
    page = f" on page {evidence['page']}" if evidence["page"] is not None else ""
    snippet = f": {evidence['snippet']}" if evidence["snippet"] else ""
    return f"{evidence['retriever']} ({evidence['kind']}{place}{page}){snippet}"


def has_links() -> bool:
    """Return whether the terminal may show links. Those that do not know them ignore them, except very simple ones."""
    return os.environ.get("TERM", "dumb") not in {"dumb", "linux"} and "NO_HYPERLINKS" not in os.environ


def link(text: str, path: str) -> str:
    """Return a text that terminals show as a link to a file (OSC 8)."""
    address = f"file://{quote(socket.gethostname())}{quote(os.fsencode(Path(path).as_posix()))}"
    return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"
