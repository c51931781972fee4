"""Subtitles: each line once, at the time when it is first shown, in every notation."""

import pytest

from indexer.decode.document.subtitles import read_spoken, read_subtitles
from search.errors import UnreadableMediaError
from search.records import Word


def read(text, encoding="utf-8"):
    return [(line.text, line.start, line.end) for line in read_subtitles(text.encode(encoding))]


HARVEST = [("The harvest was good.", 1.5, 3.0), ("Winter came early.", 4.0, 6.25)]
SRT = (
    "1\n00:00:01,500 --> 00:00:03,000\nThe harvest\nwas good.\n\n2\n00:00:04,000 --> 00:00:06,250\nWinter came early.\n"
)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_line_ends_of_every_system(ends, encoding):
    assert read(SRT.replace("\n", ends), encoding) == HARVEST


@pytest.mark.parametrize(
    "text",
    [
        SRT.replace("\n\n", "\n"),  # no empty lines
        SRT.replace("harvest\n", "harvest\n\n"),  # an empty line inside
        SRT.replace(",", "."),
        SRT.replace("00:00:0", "0:0:0"),
        SRT.replace(" --> ", "-->"),
        SRT.replace("00:00:03,000", "00:00:03,000  X1:100 X2:200 Y1:100 Y2:200"),
        SRT.replace("The", '<font color="#fff"><i>The').replace("good.", "good.</i></font>"),
        SRT.replace("The", r"{\an8}The"),
        "WEBVTT\n\nNOTE made by hand\n\nSTYLE\n::cue { color: red }\n\nintro\n00:01.500 --> 00:03.000 line:0\n"
        "<v Ann>The harvest</v>\nwas&nbsp;good.\n\n00:04.000 --> 00:06.250\n<c.yellow>Winter</c> came early.\n",
        "[Script Info]\nScriptType: v4.00+\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,Timed by somebody\n"
        r"Dialogue: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,{\p1}m 0 0 l 100 0 100 100{\p0}" + "\n"
        r"Dialogue: 0,0:00:01.50,0:00:03.00,Default,,0,0,0,,{\i1}The harvest\Nwas\hgood." + "\n"
        "Dialogue: 0,0:00:04.00,0:00:06.25,Default,,0,0,0,,Winter came early.\n",
    ],
)
def test_every_notation(text):
    assert read(text) == HARVEST


def test_long_recordings():
    assert read("1\n100:00:01,500 --> 100:00:03,000\nEnd.\n") == [("End.", 360_001.5, 360_003.0)]


def test_text_with_signs_is_no_markup():
    assert read("1\n00:00:01,000 --> 00:00:02,000\n1 < 2 and 3 > 2 & so on\n")[0][0] == "1 < 2 and 3 > 2 & so on"


ROLLING = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:02.470 align:start position:0%
 
hello<00:00:00.480><c> everyone</c><00:00:01.200><c> here</c>

00:00:02.470 --> 00:00:02.480 align:start position:0%
hello everyone here
 

00:00:02.480 --> 00:00:05.000 align:start position:0%
hello everyone here
welcome<00:00:03.000><c> back</c>

00:00:05.000 --> 00:00:05.010 align:start position:0%
welcome back
 

00:00:05.010 --> 00:00:08.000 align:start position:0%
welcome back
to<00:00:05.500><c> the</c><00:00:06.000><c> garden</c>
"""  # noqa: W293


def test_rolling_captions_have_each_line_once():
    expected = [("hello everyone here", 0.16), ("welcome back", 2.48), ("to the garden", 5.01)]
    assert [line[:2] for line in read(ROLLING)] == expected
    assert [line[:2] for line in read(ROLLING.replace("\n \n", "\n\n"))] == expected


def test_three_rolling_lines_have_each_line_once():
    lines = ["one apple", "two pears", "three plums", "four figs"]
    body = "\n".join(
        f"{at + 1}\n00:00:{at * 2:02},000 --> 00:00:{at * 2 + 2:02},000\n"
        + "\n".join(lines[max(0, at - 2) : at + 1])
        + "\n"
        for at in range(4)
    )
    assert read(body) == [(line, at * 2.0, at * 2 + 2.0) for at, line in enumerate(lines)]


def test_text_that_grows_word_by_word_is_one_line():
    words = ["the", "harvest", "was", "good"]
    body = "\n".join(
        f"{at + 1}\n00:00:{at:02},000 --> 00:00:{at + 1:02},000\n{' '.join(words[: at + 1])}\n" for at in range(4)
    )
    assert read(body) == [("the harvest was good", 0.0, 4.0)]


def test_a_line_whose_words_are_marked_one_by_one_is_one_line():
    words = ["the", "harvest", "was", "good"]
    marked = [" ".join(f"<u>{word}</u>" if word == one else word for word in words) for one in words]
    body = "\n".join(f"{at}\n00:00:{at:02},000 --> 00:00:{at + 1:02},000\n{text}\n" for at, text in enumerate(marked))
    assert read(body) == [("the harvest was good", 0.0, 4.0)]


def test_captions_of_single_words_are_joined_to_sentences(tmp_path):
    words = ["The", "harvest", "was", "good.", "Winter", "came", "early", "in", "the", "north."]
    body = "\n".join(f"{at}\n00:00:{at:02},000 --> 00:00:{at:02},800\n{word}\n" for at, word in enumerate(words))
    assert read(body) == [("The harvest was good.", 0.0, 3.8), ("Winter came early in the north.", 4.0, 9.8)]
    (tmp_path / "a.srt").write_text(body)
    first = read_spoken(tmp_path / "a.srt", tmp_path / "a.mp4").lines[0]
    assert first.words[1] == Word(1.0, 1.8, "harvest")


def test_a_document_of_telemetry_has_no_line():
    body = '1\n00:00:00,000 --> 00:00:01,000\n<font size="28">FrameCnt: 1, DiffTime: 33ms\n[latitude: 47.1]</font>\n'
    assert read(body) == []


def test_what_is_said_twice_with_a_pause_stays_twice():
    body = "1\n00:00:01,000 --> 00:00:02,000\nNo.\n\n2\n00:00:05,000 --> 00:00:06,000\nNo.\n"
    assert read(body) == [("No.", 1.0, 2.0), ("No.", 5.0, 6.0)]


@pytest.mark.parametrize(
    "body", ["nothing here", "", "WEBVTT\n\nNOTE nothing\n", "1\n00:00:01,000 --> 00:00:02,000\n\n"]
)
def test_no_line_is_an_error(body):
    with pytest.raises(UnreadableMediaError, match="subtitle"):
        read_subtitles(body.encode())
