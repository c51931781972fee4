"""Write the word lists for detecting and correcting typing errors in queries.

    python training/correction_words.py --packages FOLDER

FOLDER contains the unpacked wheels of `symspellpy` and `wordfreq`; `msgpack` must be installed. The content of the
lists and the licenses are described in `search/query/words/README.md`.
"""

import argparse
import gzip
import re
from pathlib import Path

import msgpack

from search.encoders.class_names import read_classes
from search.encoders.compact.e5 import E5Weights, find_weights
from search.text.analysis import fold

OUT = Path(__file__).parent.parent / "search/query/words"
MIN_LETTERS = 3
# The languages with large frequency lists, and how many of their most frequent words are used.
MAX_WORDS = {"en": 30_000, "de": 80_000, "es": 60_000, "fr": 60_000, "it": 60_000, "nl": 60_000, "pt": 60_000}
# The languages with small frequency lists.
SMALL = ("ca", "cs", "da", "fi", "hu", "id", "nb", "pl", "ro", "sv", "tr")
LETTERS = re.compile(r"[a-z]+")


def split_words(text: str) -> list[str]:
    """Return the words of a text that consist of ASCII letters after folding."""
    return [word for word in LETTERS.findall(fold(text)) if len(word) >= MIN_LETTERS]


def read_english(packages: Path) -> list[str]:
    """Return English words, the most frequent first."""
    lines = (packages / "symspellpy/frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig").splitlines()
    words = (line.split()[0].lower() for line in lines)
    return list(dict.fromkeys(word for word in words if LETTERS.fullmatch(word)))


def read_things() -> list[str]:
    """Return the words of the English names of the ImageNet classes and of their broader words."""
    names = [name for one in read_classes() for name in (*one.names["en"], *one.broader)]
    return sorted({word for name in names for word in split_words(name)})


def read_frequent(packages: Path, language: str) -> list[str]:
    """Return the words of a language, the most frequent first, as wordfreq stores them."""
    size = "large" if language in MAX_WORDS else "small"
    content = gzip.decompress((packages / f"wordfreq/data/{size}_{language}.msgpack.gz").read_bytes())
    return [word for group in msgpack.unpackb(content)[1:] for word in group]


def read_others(packages: Path) -> set[str]:
    """Return words of other languages, and names."""
    words = {
        word for one in read_classes() for names in one.names.values() for name in names for word in split_words(name)
    }
    for language in (*MAX_WORDS, *SMALL):
        frequent = read_frequent(packages, language)[: MAX_WORDS.get(language, 20_000)]
        words |= {word for one in frequent for word in split_words(one)}
    # The tokens of multilingual-e5 that are whole words: names, brands and frequent words of 100 languages.
    pieces = E5Weights(find_weights()).tokenizer.get_vocab()
    return words | {
        word for one in pieces if one.startswith("\u2581") for word in [fold(one[1:])] if LETTERS.fullmatch(word)
    }


def write(name: str, words: list[str]) -> None:
    """Write a list as a gzip file with one word per line. The same words always produce the same file."""
    body = "\n".join(words).encode()
    (OUT / f"{name}.txt.gz").write_bytes(gzip.compress(body, 9, mtime=0))
    print(f"{name}: {len(words):,} words, {(OUT / f'{name}.txt.gz').stat().st_size / 1024:.0f} KiB")


def main() -> None:
    """Write all lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    options = parser.parse_args()
    english, things = read_english(options.packages), read_things()
    known = {*english, *things}
    write("english", english)
    write("things", things)
    write(
        "other", sorted(word for word in read_others(options.packages) if word not in known and len(word) > MIN_LETTERS)
    )


if __name__ == "__main__":
    main()
