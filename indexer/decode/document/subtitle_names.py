"""The names of subtitle files: which recording they belong to, their language and their kind."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from search.media.recording.tracks import FORCED_WORDS, SPECIAL_WORDS

# Marks for subtitles that contain only a part of what is said, or something else.
PARTIAL_MARKS = FORCED_WORDS | SPECIAL_WORDS
# Marks for subtitles that also describe sounds.
SOUND_MARKS = {"sdh", "hi", "cc", "captions"}
OTHER_MARKS = {
    "default",
    "full",
    "orig",
    "original",
    "auto",
    "asr",
    "sub",
    "subs",
    "subtitle",
    "subtitles",
    "srt",
    "vtt",
}
MARKS = PARTIAL_MARKS | SOUND_MARKS | OTHER_MARKS
# ISO 639-1 and 639-2 codes and English names.
_LANGUAGES = """
ar ara arabic|bg bul bulgarian|bn ben bengali|ca cat catalan|cs ces cze czech|da dan danish|de deu ger german
el ell gre greek|en eng english|es spa spanish|et est estonian|eu eus baq basque|fa fas per persian|fi fin finnish
fr fra fre french|ga gle irish|gl glg galician|he heb hebrew|hi hin hindi|hr hrv croatian|hu hun hungarian
hy hye arm armenian|id ind indonesian|is isl ice icelandic|it ita italian|ja jpn japanese|ka kat geo georgian
ko kor korean|lt lit lithuanian|lv lav latvian|mk mkd mac macedonian|ms msa may malay|nb nob|nl nld dut dutch
no nor norwegian|pl pol polish|pt por portuguese|ro ron rum romanian|ru rus russian|sk slk slo slovak
sl slv slovenian|sq sqi alb albanian|sr srp serbian|sv swe swedish|ta tam tamil|te tel telugu|th tha thai
tr tur turkish|uk ukr ukrainian|ur urd urdu|vi vie vietnamese|zh zho chi chinese
"""
# Languages that a detector confuses, or that are stated as each other.
CLOSE_LANGUAGES = ({"no", "nb", "nn"}, {"bs", "hr", "sr"}, {"zh", "yue"}, {"id", "ms"})
LANGUAGES = {name: group.split()[0] for group in re.split(r"[|\n]", _LANGUAGES) for name in group.split()}
_CODE = re.compile(r"[a-z]{2,3}")
_SEPARATORS = re.compile(r"[\s._\-+,&()\[\]{}]+")
# The part of a name after the name of the recording may contain one title between dots.
MAX_TITLES = 1
# Versions of a film, as in `film - 1080p.mkv`, share the subtitles of `film`.
_VERSION = re.compile(
    r" - (?:.*[\W_])?(?:\d{3,4}[pi]|[48]k|uhd|hd|sd|hdr\d*|sdr|bluray|remux)(?:[\W_].*)?$", re.IGNORECASE
)


@dataclass(frozen=True)
class SubtitleMarks:
    """What the name of a subtitle file says about it.

    Attributes:
        language: The language code, ISO 639-1 where possible.
        is_partial: Whether it contains only a part of what is said, such as the lines in a foreign language.
        has_sounds: Whether it also describes sounds, for people who do not hear.
    """

    language: str | None = None
    is_partial: bool = False
    has_sounds: bool = False


def normalize_language(code: str | None) -> str | None:
    """Return a language code as ISO 639-1 where possible."""
    base = re.split(r"[-_]", code.lower())[0] if code else None
    return LANGUAGES.get(base, base) if base else None


def is_same_language(first: str, second: str) -> bool:
    """Return whether two language codes, ISO 639-1 where possible, are of the same language, or of close ones."""
    return first == second or any({first, second} <= group for group in CLOSE_LANGUAGES)


def find_owner(stem: str, owners: Collection[str]) -> str | None:
    """Return the name of the recording that subtitles belong to, without or with its suffix.

    Languages and marks may follow the name in any order: `film.en.sdh`, `film.forced.en` and `film (forced)` belong to
    `film`. One title between dots may follow as well, as in `film.English for learners.en`.

    Args:
        stem: The name of the subtitle file without its suffix.
        owners: The names of recordings.
    """
    if stem in owners:
        return stem
    ends = [match.start() for match in _SEPARATORS.finditer(stem)]
    return next((stem[:end] for end in reversed(ends) if stem[:end] in owners and _is_tag_list(stem[end:])), None)


def _is_tag_list(rest: str) -> bool:
    if rest.startswith("."):
        parts = [part for part in rest.split(".") if part]
        return sum(not _has_only_tags(part) for part in parts) <= MAX_TITLES
    return _has_only_tags(rest) and not MARKS.isdisjoint(_split(rest))


def _has_only_tags(part: str) -> bool:
    """Return whether all words are languages or marks."""
    return all(word in MARKS or word in LANGUAGES or _is_region(word, part) for word in _split(part))


def _is_region(word: str, rest: str) -> bool:
    """Return whether a word is the region or script of a language, as in `pt-BR` and `zh-Hans`."""
    return re.search(rf"\b[a-z]{{2,3}}[-_]{re.escape(word)}(?![^\W_])", rest, re.IGNORECASE) is not None


def drop_version(stem: str) -> str:
    """Return the name of a film without its version: `film` for `film - 1080p`."""
    return _VERSION.sub("", stem)


def read_marks(stem: str, owner: Path) -> SubtitleMarks:
    """Return what the name of a subtitle file says about it.

    Args:
        stem: The name of the subtitle file without its suffix.
        owner: The recording that it belongs to. Words of its name are no marks.
    """
    names = (owner.name, owner.stem, drop_version(owner.stem))
    name = next((name for name in names if stem.startswith(name)), "")
    rest = stem[len(name) :]
    words = _split(rest)
    # A language between dots comes before one in a title, and the last one before others.
    parts = [part for part in reversed(rest.lower().split(".")) if re.split("[-_]", part)[0] in LANGUAGES]
    named = [*(re.split("[-_]", part)[0] for part in parts), *words]
    known = [LANGUAGES[word] for word in named if word in LANGUAGES and not _is_region(word, rest)]
    # "hi" is Hindi, or "hearing impaired" where another language is named.
    if len(set(known)) > 1 and "hi" in known and "hi" in words:
        known = [language for language in known if language != "hi"]
        is_hindi = False
    else:
        is_hindi = "hi" in known
    codes = [word for word in words if word not in MARKS and _CODE.fullmatch(word)]
    marks = set(words) - ({"hi"} if is_hindi else set())
    return SubtitleMarks(
        language=next(iter([*known, *codes]), None),
        is_partial=not PARTIAL_MARKS.isdisjoint(marks),
        has_sounds=not SOUND_MARKS.isdisjoint(marks),
    )


def rank_subtitles(name: str, owner: str) -> tuple[bool, bool]:
    """Return a sort key by which the subtitles that contain the most of what is said come first."""
    marks = read_marks(Path(name).stem, Path(owner))
    return marks.is_partial, marks.has_sounds


def _split(rest: str) -> list[str]:
    return [word for word in _SEPARATORS.split(rest.lower()) if word]
