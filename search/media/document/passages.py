"""On which page of a PDF a passage is: that of an office document has been read without its pages.

The functions run in the processes of `search.media.processes`, so arguments and results can be pickled.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

from search.media.document.pages import MAX_WORDS, fold
from search.media.document.pdf_file import open_pdf

# The passage is cut into pieces of this many letters, and every other one is searched on the pages.
PIECE_LETTERS = 8
MAX_PIECES = 400
# A page with less of the passage than this share of what the best page has is not its page.
MIN_SHARE = 0.2


def find_page(source: Path, passage: str, words: Collection[str]) -> int:
    """Return the number of the page with most of a passage. Of several, that with most of the words.

    Args:
        source: The PDF.
        passage: The text of the passage. Line ends, spaces and punctuation do not matter.
        words: The words that are marked on the page.

    Raises:
        UnreadableMediaError: The PDF is damaged.
    """
    pieces = _cut(_keep_letters(passage))
    wanted = [_keep_letters(word) for word in list(words)[:MAX_WORDS]]
    counts = []
    for number, text in enumerate(_read_pages(source), 1):
        found = sum(piece in text for piece in pieces)
        counts.append((found, sum(word in text for word in wanted if word), -number))
    most = max((found for found, _, _ in counts), default=0)
    likely = [one for one in counts if one[0] >= MIN_SHARE * most]
    return -max(likely, key=lambda one: (one[1], one[0], one[2]), default=(0, 0, -1))[2]


def _read_pages(source: Path) -> Iterator[str]:
    """Yield the letters of each page."""
    with open_pdf(source) as document:
        for page in document:
            textpage = page.get_textpage()
            try:
                yield _keep_letters(textpage.get_text_bounded())
            finally:
                textpage.close()
                page.close()


def _keep_letters(text: str) -> str:
    """Return the letters and digits of a text, in lower case and without accents."""
    return "".join(filter(str.isalnum, fold(text)))


def _cut(letters: str) -> list[str]:
    """Return pieces of a text from all over it."""
    last = max(len(letters) - PIECE_LETTERS, 0)
    return [letters[start : start + PIECE_LETTERS] for start in range(0, last + 1, max(2, last // MAX_PIECES))]
