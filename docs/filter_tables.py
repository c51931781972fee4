"""Write the tables of filters in the documentation from the declaration of the filters.

Run `python -m docs.filter_tables` from the root of the repository after changing a filter; a test compares the result.
"""

import re
from pathlib import Path

from crossmodal.cli.filters import describe_option, get_placeholder
from search.records import FILTERS, FilterKind

DOCS = Path(__file__).parent
JSON_TYPES = {
    FilterKind.TYPES: "list of strings",
    FilterKind.TEXT: "string",
    FilterKind.FOLDER: "string",
    FilterKind.DATE: "string",
    FilterKind.PERIOD: "string",
    FilterKind.SECONDS: "number of seconds",
    FilterKind.STARS: "number of stars",
    FilterKind.LABELS: "list of strings",
    FilterKind.TEXTS: "list of strings",
    FilterKind.IDS: "list of integers",
}
BLOCK = re.compile(r"(<!-- filters: .*? -->\n).*?(<!-- end of filters -->)", re.S)


def make_table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [f"| {' | '.join(header)} |", "|---" * len(header) + "|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines) + "\n"


def make_tables() -> dict[str, str]:
    """Return the table of each document, by the name of its file."""
    queries = [(f"`{one.example}`", one.help, one.expects) for one in FILTERS.values()]
    rest = [(f"`{name}`", JSON_TYPES[one.kind], one.help) for name, one in FILTERS.items()]
    cli = [(f"`--{one.keyword} {get_placeholder(one)}`", describe_option(one)) for one in FILTERS.values()]
    return {
        "queries.md": make_table(("filter", "meaning", "value"), queries),
        "rest.md": make_table(("field", "type", "meaning"), rest),
        "cli.md": make_table(("option", "meaning"), cli),
    }


def insert_table(document: str, table: str) -> str:
    """Return a document with a table in place of the one between its marks."""
    return BLOCK.sub(lambda match: f"{match[1]}{table}{match[2]}", document)


def main() -> None:
    """Write the tables into the documents."""
    for name, table in make_tables().items():
        path = DOCS / name
        path.write_text(insert_table(path.read_text(), table))


if __name__ == "__main__":
    main()
