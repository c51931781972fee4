"""What a query may cost. The settings of the same names are the values."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from search.errors import UsageError
from search.records import Query

# The highest values that the settings can have; requests with more are refused before they are read.
MAX_CHARACTERS = 20_000
MAX_PARTS = 100
MAX_IMAGES = 20
MAX_LIST_VALUES = 1000
# The key of a JSON schema that names the settings which limit a value, by the keyword with the limit.
SETTINGS_KEY = "x-settings"


@dataclass(frozen=True)
class QueryLimits:
    """What one query may consist of.

    Attributes:
        characters: Characters of all its texts together, as they are sent and after Unicode normalization.
        terms: Distinct words.
        parts: Texts, images, items and recordings together, those to exclude too.
        images: Images.
        filter_values: Values of one filter.
        pixels: Pixels of an image.
        seconds: The duration of a spoken query.
    """

    characters: int
    terms: int
    parts: int
    images: int
    filter_values: int
    pixels: int
    seconds: float

    def check(self, query: Query) -> None:
        """Raise UsageError if a query, before it is parsed, exceeds a limit."""
        images = sum(part.is_image for part in query.parts)
        if images > self.images:
            raise UsageError(f"The query has {images} images; the limit is {self.images} (setting `query_images`).")
        for name, values in vars(query.filters).items():
            if isinstance(values, tuple) and len(values) > self.filter_values:
                raise UsageError(
                    f"{name}: has {len(values)} values; the limit is {self.filter_values} (setting `filter_values`)."
                )
        parts = [part.text for part in query.parts if part.text]
        self.check_texts([query.text or "", *parts, *query.exclude, *query.filters.phrases])
        self.check_parts(len(query.parts) + len(query.exclude))

    def check_texts(self, texts: Sequence[str]) -> None:
        """Raise UsageError if texts have too many characters together.

        Normalization can make a text longer: one sign of Arabic becomes 18 letters.
        """
        count = sum(map(len, texts))
        if count <= self.characters:
            count = sum(len(unicodedata.normalize("NFKC", text)) for text in texts)
        if count > self.characters:
            raise UsageError(
                f"The texts of the query have {count:,} characters; the limit is {self.characters:,} (setting "
                "`query_characters`). Shorten them."
            )

    def check_parts(self, count: int) -> None:
        """Raise UsageError if a query has too many parts."""
        if count > self.parts:
            raise UsageError(
                f"The query has {count} parts; the limit is {self.parts} (setting `query_parts`). Leave some out."
            )

    def check_terms(self, count: int) -> None:
        """Raise UsageError if a query has too many words."""
        if count > self.terms:
            raise UsageError(
                f"The query has {count} words; the limit is {self.terms} (setting `query_terms`). Shorten it."
            )


def limited_by(**settings: str) -> dict[str, JsonValue]:
    """Return the part of a JSON schema that names the settings which limit a value, by the keyword with the limit."""
    return {SETTINGS_KEY: dict(settings)}
