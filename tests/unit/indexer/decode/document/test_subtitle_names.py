"""The names of subtitle files state the recording, the language and the kind."""

from pathlib import Path

import pytest

from indexer.decode.document.subtitle_names import SubtitleMarks, find_owner, read_marks
from indexer.sidecars import pair_sidecars

FILM = Path("film.mp4")


@pytest.mark.parametrize(
    ("stem", "marks"),
    [
        ("film", SubtitleMarks()),
        ("film.en", SubtitleMarks("en")),
        ("film.eng", SubtitleMarks("en")),
        ("film.English", SubtitleMarks("en")),
        ("film.pt-BR", SubtitleMarks("pt")),
        ("film.zh-Hans.default", SubtitleMarks("zh")),
        ("film.forced", SubtitleMarks(is_partial=True)),
        ("film.en.forced", SubtitleMarks("en", is_partial=True)),
        ("film.forced.en", SubtitleMarks("en", is_partial=True)),
        ("film.FORCED.eng", SubtitleMarks("en", is_partial=True)),
        ("film.en.sdh", SubtitleMarks("en", has_sounds=True)),
        ("film.cc.de", SubtitleMarks("de", has_sounds=True)),
        ("film.en.hi", SubtitleMarks("en", has_sounds=True)),
        ("film.hi", SubtitleMarks("hi")),
        ("film.signs.en", SubtitleMarks("en", is_partial=True)),
        ("film.en.commentary", SubtitleMarks("en", is_partial=True)),
        ("film.en[sdh]", SubtitleMarks("en", has_sounds=True)),
        ("film (forced)", SubtitleMarks(is_partial=True)),
        ("film.mp4.de.forced", SubtitleMarks("de", is_partial=True)),
        ("film.Directors.en", SubtitleMarks("en")),
        ("film.English - SDH", SubtitleMarks("en", has_sounds=True)),
        ("film.Main (SDH) [SRT].sdh.en", SubtitleMarks("en", has_sounds=True)),
        ("film.Chinese Simplified with English.chi.default", SubtitleMarks("zh")),
        ("film.English dub.ger", SubtitleMarks("de")),
    ],
)
def test_marks(stem, marks):
    assert find_owner(stem, {"film", "film.mp4"}) in {"film", "film.mp4"}
    assert read_marks(stem, FILM) == marks


@pytest.mark.parametrize(
    "stem", ["film.part.two.2024", "films", "film 2", "film-en", "other.film", "film.one.two.three.2"]
)
def test_names_of_other_films(stem):
    assert find_owner(stem, {"film", "film.mp4"}) is None


@pytest.mark.parametrize("name", ["Forced Labour", "film.forced", "The Signs", "CC", "Hi"])
def test_words_in_the_name_of_a_film_are_no_marks(name):
    assert find_owner(name, {name}) == name
    assert read_marks(name, Path(f"{name}.mp4")) == SubtitleMarks()


def test_the_longest_name_is_the_owner():
    names = ["show.mkv", "show.s01e01.mkv", "show.s01e01.en.srt", "show.en.srt"]
    assert pair_sidecars(names) == {"show.mkv": ["show.en.srt"], "show.s01e01.mkv": ["show.s01e01.en.srt"]}


def test_subtitles_with_all_that_is_said_come_first():
    names = ["film.mp4", "film.forced.srt", "film.en.sdh.srt", "film.german.srt"]
    assert pair_sidecars(names) == {"film.mp4": ["film.german.srt", "film.en.sdh.srt", "film.forced.srt"]}


def test_versions_of_a_film_share_subtitles():
    names = ["film - 1080p.mkv", "film - 2160p_HDR.mkv", "film.zh-Hans.ass", "talk - Ann.mp4", "talk.srt"]
    shared = ["film.zh-Hans.ass"]
    assert pair_sidecars(names) == {"film - 1080p.mkv": shared, "film - 2160p_HDR.mkv": shared}
    assert read_marks("film.zh-Hans", Path("film - 1080p.mkv")) == SubtitleMarks("zh")
