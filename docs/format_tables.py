"""Write the tables of file formats in docs/formats.md from the declarations of the decoders.

Run `python -m docs.format_tables` from the root of the repository after changing a format; a test compares the result.
"""

import re
from pathlib import Path

from docs.filter_tables import make_table
from indexer.decode.families import FAMILIES
from indexer.decode.family import Family

DOCUMENT = Path(__file__).parent / "formats.md"
BLOCK = re.compile(r"(<!-- formats: (\w+) -->\n).*?(<!-- end of formats -->)", re.S)


def make_format_table(family: Family) -> str:
    """Return the table of the formats of a family."""
    rows = [
        (entry.name, " ".join(f"`{suffix}`" for suffix in entry.suffixes), entry.reads, entry.omits)
        for entry in family.formats
    ]
    return make_table(("format", "suffixes", "read", "not read"), rows)


def insert_tables(document: str) -> str:
    """Return the document with the table of each family between its marks."""
    tables = {str(family.type): make_format_table(family) for family in FAMILIES}
    return BLOCK.sub(lambda match: f"{match[1]}{tables[match[2]]}{match[3]}", document)


def main() -> None:
    """Write the tables."""
    DOCUMENT.write_text(insert_tables(DOCUMENT.read_text()))


if __name__ == "__main__":
    main()
