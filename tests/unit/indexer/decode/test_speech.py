"""What is said in a recording comes from its subtitles, its sound, or both."""

import re
from fractions import Fraction

import av
import numpy as np
import pytest

from indexer.decode.content import AudioChunk, DecodedImage, FileSummary, SpeechSample
from indexer.decode.families import decode_file
from search.errors import UnreadableMediaError
from search.records import ItemType, Segment, SegmentKind, State
from tests.support import fake_models
from tests.support.indexing import index, list_reasons
from tests.support.recordings import (
    RATE,
    encode,
    find_pitch,
    make_noise_images,
    make_tone,
    write_frames,
    write_gaps,
    write_samples,
    write_song,
    write_sounds,
    write_subtitled,
)

LINE = [(0.5, 1.7, "The harvest was good.")]
FORCED, DEFAULT, COMMENT = 0x40, 1, 8


def read(path, *sidecars, expected=ItemType.VIDEO):
    """Return the lines that are said, whether the sound is transcribed, and the summary."""
    *parts, summary = decode_file(path, expected, sidecars)
    assert isinstance(summary, FileSummary)
    lines = [(part.text, part.start, part.end) for part in parts if isinstance(part, Segment) and part.kind == "speech"]
    return lines, any(isinstance(part, AudioChunk) for part in parts), summary


@pytest.fixture
def film(tmp_path):
    """Return a function that writes a film with subtitle tracks and returns its path."""

    def write(*tracks, container="matroska", **settings):
        path = tmp_path / ("film.mp4" if container == "mp4" else "film.mkv")
        write_subtitled(str(path), tracks, container, **settings)
        return path

    return write


@pytest.mark.parametrize(
    ("container", "codec", "text"),
    [
        ("matroska", "subrip", "<i>The harvest</i>\nwas good."),
        ("matroska", "ass", r"{\i1}The harvest{\i0}\Nwas good."),
        ("mp4", "mov_text", "The harvest\nwas good."),
        ("webm", "webvtt", "<v Ann>The harvest</v>\nwas good."),
    ],
)
def test_subtitle_tracks_of_text_replace_the_sound(film, container, codec, text):
    path = film(([(0.5, 1.7, text)], {"language": "eng"}), container=container, codec=codec)
    lines, is_heard, summary = read(path)
    assert (lines, is_heard, summary.facts.language) == ([("The harvest was good.", 0.5, 1.7)], False, "en")
    assert summary.remark is None


@pytest.mark.parametrize(
    "settings", [{"disposition": FORCED}, {"title": "English (Forced)"}, {"title": "Signs & Songs"}]
)
def test_a_forced_track_adds_to_the_sound(film, settings):
    lines, is_heard, summary = read(film((LINE, settings)))
    assert (len(lines), is_heard, summary.facts.language) == (1, True, None)


TELEMETRY = [(at, at + 1, f"[iso: 100] [latitude: 47.123456] [longitude: 8.12345{at}]") for at in range(4)]


def test_telemetry_of_a_drone_is_not_what_was_said(film, tmp_path):
    path = film((TELEMETRY, {}))
    lines, is_heard, summary = read(path)
    assert (lines, is_heard, summary.facts.language, summary.remark) == ([], True, None, None)
    lines, is_heard, summary = read(path, write_lines(tmp_path / "film.srt", *TELEMETRY))
    assert (lines, is_heard, summary.facts.language, summary.remark) == ([], True, None, None)
    assert read(path, write_lines(tmp_path / "film.srt", *TELEMETRY, *LINE))[0] == [("The harvest was good.", 0.5, 1.7)]


def test_a_track_in_another_language_adds_to_the_sound(film):
    lines, is_heard, _ = read(film((LINE, {"language": "eng"}), language="ger"))
    assert (len(lines), is_heard) == (1, True)


def test_the_track_in_the_language_of_the_sound_is_read(film):
    german = [(0.5, 1.7, "Die Ernte war gut.")]
    other = [(0.5, 1.7, "Ich habe das damals gedreht.")]
    path = film(
        (LINE, {"language": "eng", "disposition": DEFAULT}),
        (other, {"language": "ger", "title": "Commentary"}),
        (other, {"language": "ger", "disposition": FORCED}),
        (german, {"language": "deu"}),
        language="ger",
    )
    lines, is_heard, summary = read(path)
    assert ([line[0] for line in lines], is_heard) == (["Die Ernte war gut.", "The harvest was good."], False)
    assert summary.facts.language == "de"


def test_tracks_in_further_languages_are_read_with_their_language(film):
    german, french = [(0.5, 1.7, "Die Ernte war gut.")], [(0.5, 1.7, "La moisson fut bonne.")]
    path = film(
        (german, {"language": "ger"}),
        (french, {"language": "fre", "title": "Commentary"}),
        (french, {"language": "fre"}),
        (LINE, {"language": "eng", "disposition": DEFAULT}),
        (LINE, {"language": "eng", "title": "English again"}),
        language="eng",
    )
    *parts, summary = decode_file(path, ItemType.VIDEO)
    lines = [(one.language, one.text) for one in parts if isinstance(one, Segment) and one.kind == "speech"]
    assert lines == [("en", "The harvest was good."), ("de", "Die Ernte war gut."), ("fr", "La moisson fut bonne.")]
    assert not any(isinstance(part, AudioChunk) for part in parts)
    assert summary.facts.language == "en"


def test_a_subtitle_file_comes_before_a_track(film, tmp_path):
    (tmp_path / "film.en.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nWinter came early.\n")
    lines, is_heard, _ = read(film((LINE, {})), tmp_path / "film.en.srt")
    assert (lines, is_heard) == ([("Winter came early.", 1.0, 2.0)], False)


@pytest.mark.parametrize("name", ["film.forced.srt", "film.en.forced.srt", "film.signs.en.srt", "film.commentary.srt"])
def test_a_forced_subtitle_file_adds_to_the_sound(film, tmp_path, name):
    (tmp_path / name).write_text("1\n00:00:01,000 --> 00:00:02,000\nWinter came early.\n")
    lines, is_heard, summary = read(film(), tmp_path / name)
    assert (lines, is_heard, summary.facts.language) == ([("Winter came early.", 1.0, 2.0)], True, None)


@pytest.mark.parametrize("name", ["film.srt", "film.en.sdh.srt", "film.hi.en.srt", "film.default.srt"])
def test_other_marks_do_not_matter(film, tmp_path, name):
    (tmp_path / name).write_text("1\n00:00:01,000 --> 00:00:02,000\nWinter came early.\n")
    assert read(film(), tmp_path / name)[:2] == ([("Winter came early.", 1.0, 2.0)], False)


def write_lines(path, *lines):
    """Write a subtitle file. Of each line: start and end in seconds, and text."""
    times = [(f"00:00:{start:06.3f} --> 00:00:{end:06.3f}".replace(".", ","), text) for start, end, text in lines]
    path.write_text("".join(f"{number}\n{time}\n{text}\n\n" for number, (time, text) in enumerate(times, 1)))
    return path


def test_forced_and_further_subtitles_add_what_the_full_ones_lack(film, tmp_path):
    full = write_lines(tmp_path / "film.en.srt", (0.5, 1.5, "The harvest was good."), (2, 3, "Winter came early."))
    sounds = write_lines(
        tmp_path / "film.en.sdh.srt", (0.6, 1.5, "ANN: The harvest was good. [laughs]"), (3, 4, "[thunder]")
    )
    forced = write_lines(tmp_path / "film.en.forced.srt", (2.1, 3, "Winter came early."), (3, 4, "NO ENTRY"))
    lines, is_heard, summary = read(film(), full, sounds, forced)
    texts = ["The harvest was good.", "Winter came early.", "[thunder]", "NO ENTRY"]
    assert ([text for text, _, _ in lines], is_heard) == (texts, False)
    assert (summary.facts.language, summary.remark) == ("en", None)


@pytest.mark.parametrize("mark", ["en.forced", "forced", "en.sdh", "en.cc", "forced.en", "signs.en"])
def test_further_subtitle_files_are_attached_to_the_film(fresh, tmp_path, mark):
    media = tmp_path / "media"
    media.mkdir()
    write_subtitled(str(media / "film.mkv"), [])
    write_lines(media / "film.en.srt", (0.5, 1.5, "The harvest was good."))
    write_lines(media / f"film.{mark}.srt", (2, 3, "Winter came early."))
    assert index(fresh, media).counts["added"] == 1
    reasons = list_reasons(fresh)
    assert reasons.pop("film.mkv")[0] == "indexed"
    assert set(reasons.values()) == {("skipped", "indexed together with film.mkv")}
    (film,) = fresh.catalog.list_items(State.INDEXED)
    spoken = [one.segment.text for one in fresh.catalog.list_segments(film.id) if one.segment.kind == "speech"]
    assert spoken == ["The harvest was good.", "Winter came early."]
    assert film.facts.language == "en"


def test_of_several_subtitle_files_a_damaged_one_is_named_and_the_others_are_read(film, tmp_path):
    full = write_lines(tmp_path / "film.en.srt", (0.5, 1.5, "The harvest was good."))
    (tmp_path / "film.de.srt").write_text("nothing of the kind")
    lines, is_heard, summary = read(film(), full, tmp_path / "film.de.srt")
    assert (len(lines), is_heard) == (1, False)
    assert summary.remark.startswith("cannot read its subtitles film.de.srt: ")
    with pytest.raises(UnreadableMediaError, match=r"cannot read its subtitles film\.de\.srt"):
        read(tmp_path / "film.mkv", tmp_path / "film.de.srt")


@pytest.mark.parametrize(("spoken", "is_heard"), [("ger", True), ("eng", False), ("nob", True)])
def test_a_subtitle_file_in_another_language_than_the_sound_adds_to_it(film, tmp_path, spoken, is_heard):
    file = write_lines(tmp_path / "film.en.srt", (0.5, 1.5, "The harvest was good."))
    lines, was_heard, summary = read(film(language=spoken), file)
    assert ([text for text, _, _ in lines], was_heard) == (["The harvest was good."], is_heard)
    assert summary.facts.language == (None if is_heard else "en")


def test_close_languages_count_as_the_same(film, tmp_path):
    file = write_lines(tmp_path / "film.no.srt", (0.5, 1.5, "Avlingen var god."))
    assert read(film(language="nob"), file)[1] is False


def test_the_sound_is_sampled_where_much_is_said_if_its_language_is_not_known(tmp_path):
    path = tmp_path / "film.mkv"
    write_subtitled(str(path), [], samples=np.concatenate([make_tone(40, 300), make_tone(40, 700)]))
    file = write_lines(tmp_path / "film.en.srt", *((45 + at, 47 + at, f"Line {at}.") for at in range(0, 12, 2)))
    parts = list(decode_file(path, ItemType.VIDEO, [file]))
    (sample,) = [part for part in parts if isinstance(part, SpeechSample)]
    assert (len(sample.samples) / RATE, sample.languages) == (30, {"en"})
    assert find_pitch(sample.samples[15 * RATE : 20 * RATE]) == pytest.approx(700, abs=5)
    assert not any(isinstance(part, AudioChunk) for part in parts)
    # Subtitles whose language is not known are all that is said.
    parts = list(decode_file(path, ItemType.VIDEO, [file.rename(tmp_path / "film.srt")]))
    assert not any(isinstance(part, SpeechSample | AudioChunk) for part in parts)


def test_a_track_in_a_further_language_is_read_if_the_language_of_the_sound_is_not_known(film, tmp_path):
    file = write_lines(tmp_path / "film.fr.srt", (0.5, 1.7, "La moisson fut bonne."))
    *parts, _ = decode_file(film((LINE, {"language": "eng"})), ItemType.VIDEO, [file])
    (sample,) = [part for part in parts if isinstance(part, SpeechSample)]
    assert sample.languages == {"fr", "en"}
    lines = [part.text for part in parts if isinstance(part, Segment) and part.kind == "speech"]
    assert lines == ["La moisson fut bonne.", "The harvest was good."]


@pytest.mark.parametrize(("name", "is_heard"), [("talk.de.srt", True), ("talk.en.srt", False), ("talk.srt", False)])
@pytest.mark.parametrize("suffix", ["wav", "mp4"])
def test_what_is_said_in_another_language_than_the_subtitles_is_transcribed(fresh, tmp_path, suffix, name, is_heard):
    media = tmp_path / "media"
    media.mkdir()
    samples = fake_models.make_tone(0, 8.0) / np.float32(32768)  # the first sentence that the fake model knows
    if suffix == "wav":
        write_sounds(str(media / "talk.wav"), [(0, samples, {})])
    else:
        write_subtitled(str(media / "talk.mp4"), [], "mp4", samples=samples)
    write_lines(media / name, (0.5, 3.0, "Die Ernte war gut."))
    index(fresh, media)
    (item,) = fresh.catalog.list_items(State.INDEXED)
    spoken = [one.segment.text for one in fresh.catalog.list_segments(item.id) if one.segment.kind == "speech"]
    assert "Die Ernte war gut." in spoken
    assert len(spoken) == (2 if is_heard else 1)
    assert item.facts.language == (None if name == "talk.srt" else "en")
    assert item.facts.duration == pytest.approx(8, abs=0.2)


def test_a_film_whose_name_has_a_mark_is_read_as_any_other(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    write_subtitled(str(media / "Forced Labour.mp4"), [], "mp4")
    (media / "Forced Labour.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nWinter came early.\n")
    assert read(media / "Forced Labour.mp4", media / "Forced Labour.srt")[1] is False
    assert index(fresh, media).counts["skipped"] == 1


def test_few_lines_for_a_long_recording_add_to_its_sound(tmp_path):
    write_sounds(str(tmp_path / "talk.wav"), [(0, make_tone(70), {})])
    (tmp_path / "talk.srt").write_text("1\n00:00:01,000 --> 00:00:03,000\nWinter came early.\n")
    lines, is_heard, _ = read(tmp_path / "talk.wav", tmp_path / "talk.srt", expected=ItemType.AUDIO)
    assert (len(lines), is_heard) == (1, True)
    (tmp_path / "talk.srt").write_text("1\n00:00:01,000 --> 00:00:30,000\nWinter came early.\n")
    assert read(tmp_path / "talk.wav", tmp_path / "talk.srt", expected=ItemType.AUDIO)[1] is False


def test_a_full_track_is_read_after_a_subtitle_file_with_few_lines(film, tmp_path):
    full = [(start, start + 5, f"Line {start}.") for start in range(0, 60, 6)]
    path = film((full, {"language": "eng"}), samples=make_tone(70))
    (tmp_path / "film.srt").write_text(
        "1\n00:00:06,000 --> 00:00:08,000\nLine 6.\n\n2\n00:01:05,000 --> 00:01:06,000\nBye.\n"
    )
    lines, is_heard, summary = read(path, tmp_path / "film.srt")
    assert sorted(text for text, _, _ in lines) == sorted(["Bye.", *(text for _, _, text in full)])
    assert (is_heard, summary.facts.language) == (False, "en")


def test_few_lines_of_a_track_add_to_the_sound_and_to_forced_ones(film):
    forced = [(20, 21, "Guten Tag.")]
    path = film((LINE, {}), (forced, {"disposition": FORCED}), samples=make_tone(70))
    lines, is_heard, _ = read(path)
    assert ([text for text, _, _ in lines], is_heard) == (["The harvest was good.", "Guten Tag."], True)


def test_damaged_lines_of_a_track_have_a_remark(film):
    too_short = (2, 3, b"?")
    lines, is_heard, summary = read(film(([*LINE, too_short], {}), container="mp4", codec="mov_text"))
    assert ([text for text, _, _ in lines], is_heard) == (["The harvest was good."], False)
    assert summary.remark == "parts of subtitle track 1 are damaged and were left out"


def test_a_track_that_cannot_be_read_has_a_remark_and_the_sound_is_heard(film, monkeypatch):
    def fail(*_):
        raise UnreadableMediaError("cannot be decoded: Invalid data")

    monkeypatch.setattr("indexer.decode.speech.iterate_lines", fail)
    lines, is_heard, summary = read(film((LINE, {})))
    assert (lines, is_heard) == ([], True)
    assert summary.remark == "subtitle track 1 cannot be decoded: Invalid data"


def test_the_ledger_says_which_of_several_tracks_is_heard(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    english = {"language": "eng", "title": "Original", "disposition": DEFAULT}
    tracks = [(0, make_tone(2, 300), {"language": "ger"}), (0, make_tone(2, 700), english)]
    write_sounds(str(media / "talk.mka"), tracks, "matroska")
    index(fresh, media)
    (item,) = fresh.catalog.list_items()
    assert (item.state, item.reason) == ("indexed", "speech is from audio track 2 of 2 (eng, Original)")


def test_a_silent_track_is_not_the_one_that_is_heard(tmp_path):
    tracks = [(0, make_tone(2, level=0), {}), (0, make_tone(2, 700), {})]
    write_sounds(str(tmp_path / "talk.mka"), tracks, "matroska")
    *parts, summary = decode_file(tmp_path / "talk.mka", ItemType.AUDIO)
    chunks = [part for part in parts if isinstance(part, AudioChunk)]
    assert [(chunk.start, len(chunk.samples) / RATE) for chunk in chunks] == [(0, 2)]
    assert abs(chunks[0].samples).max() > 5000
    assert summary.remark == "speech is from audio track 2 of 2"


def test_a_track_that_fails_is_named_before_the_one_that_is_heard(tmp_path):
    path = tmp_path / "talk.mka"
    with av.open(str(path), "w", format="matroska") as out:
        streams = [out.add_stream(codec, rate=RATE) for codec in ("libopus", "pcm_s16le")]
        for stream in streams:
            stream.layout = "mono"
        for stream in streams:
            write_samples(out, stream, 0, make_tone(2))
            out.mux(stream.encode(None))
    damage(path, b"A_OPUS", b"A_ZZZZ")
    *parts, summary = decode_file(path, ItemType.AUDIO)
    assert [part.start for part in parts if isinstance(part, AudioChunk)] == [0]
    assert summary.remark.startswith("audio track 1 of 2 cannot be decoded: ")
    assert summary.remark.endswith("; speech is from audio track 2 of 2")


def test_the_silence_of_a_single_track_shows_that_the_decoder_works(tmp_path):
    write_sounds(str(tmp_path / "talk.wav"), [(0, make_tone(2, level=0), {})])
    *parts, summary = decode_file(tmp_path / "talk.wav", ItemType.AUDIO)
    assert [len(part.samples) > 0 for part in parts if isinstance(part, AudioChunk)] == [True]
    assert (summary.facts.duration, summary.remark) == (2, None)


def test_the_duration_of_a_recording_is_what_a_player_shows(tmp_path):
    write_gaps(str(tmp_path / "talk.mka"), [(0, make_tone(1)), (100, make_tone(1))], "matroska")
    *parts, summary = decode_file(tmp_path / "talk.mka", ItemType.AUDIO)
    starts = [(part.start, len(part.samples) / RATE) for part in parts if isinstance(part, AudioChunk)]
    assert starts == [(0, 1), (100, 1)]
    assert summary.facts.duration == 101


def test_a_truncated_film_is_indexed_with_a_remark(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    write_frames(str(media / "film.mp4"), make_noise_images(40), options={"movflags": "faststart"})
    body = (media / "film.mp4").read_bytes()
    (media / "film.mp4").write_bytes(body[: len(body) // 2])
    assert index(fresh, media).counts["added"] == 1
    (item,) = fresh.catalog.list_items()
    assert re.fullmatch(r"the file is incomplete: (2|1\.9|2\.1) of 4 seconds could be decoded", item.reason)
    assert item.facts.duration == pytest.approx(2, abs=0.3)
    # A copy has the same remark.
    (media / "copy.mp4").write_bytes((media / "film.mp4").read_bytes())
    index(fresh, media)
    assert {item.reason for item in fresh.catalog.list_items()} == {item.reason}


def test_a_film_whose_images_and_sound_end_early_has_one_remark(tmp_path):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w", options={"movflags": "faststart"}) as out:  # the index comes first
        video, sound = out.add_stream("libx264", rate=2), out.add_stream("aac", rate=RATE)
        video.width, video.height, video.pix_fmt, sound.layout = 320, 200, "yuv420p", "mono"
        for second in range(24):
            for image in make_noise_images(2):
                out.mux(video.encode(av.VideoFrame.from_image(image)))
            write_samples(out, sound, second, make_tone(1))
        out.mux(video.encode(None))
        out.mux(sound.encode(None))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    *parts, summary = decode_file(path, ItemType.VIDEO)
    assert any(isinstance(part, AudioChunk) for part in parts)
    assert re.fullmatch(r"the file is incomplete: 1[123] of 24 seconds could be decoded", summary.remark)


def test_chapters_of_an_audiobook_are_found_at_their_times(tmp_path):
    with av.open(str(tmp_path / "book.m4b"), "w", format="mp4") as out:
        stream = out.add_stream("aac", rate=RATE)
        stream.layout = "mono"
        common = {"time_base": Fraction(1, 1000)}
        times = [{"id": at, "start": at * 2000, "end": at * 2000 + 2000} | common for at in range(3)]
        titles = ["Chapter 1", "The Whale", "02"]
        out.set_chapters([one | {"metadata": {"title": title}} for one, title in zip(times, titles, strict=True)])
        write_samples(out, stream, 0, make_tone(6))
        out.mux(stream.encode(None))
    *parts, summary = decode_file(tmp_path / "book.m4b", ItemType.AUDIO)
    chapters = [part for part in parts if isinstance(part, Segment)]
    found = [(part.kind, part.text, part.start, part.end) for part in chapters]
    assert found == [
        (SegmentKind.CHAPTER, "Chapter 1", 0, 2),
        (SegmentKind.CHAPTER, "The Whale", 2, 4),
        (SegmentKind.CHAPTER, "02", 4, 6),
    ]
    assert summary.type is ItemType.AUDIO
    assert summary.facts.duration == pytest.approx(6, abs=0.15)


def damage(path, codec, replacement):
    """Replace the name of a codec, so that nothing can decode its track."""
    body = path.read_bytes()
    assert codec in body
    path.write_bytes(body.replace(codec, replacement))


def test_a_film_whose_sound_cannot_be_decoded_is_found_by_its_images(film):
    path = film()
    damage(path, b"A_OPUS", b"A_ZZZZ")
    *parts, summary = decode_file(path, ItemType.VIDEO)
    assert len([part for part in parts if isinstance(part, DecodedImage)]) == 2
    assert summary.remark.startswith("the sound cannot be decoded")


def test_a_film_whose_images_cannot_be_decoded_is_found_by_its_sound(film):
    path = film()
    damage(path, b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/ZZZ")
    lines, is_heard, summary = read(path)
    assert (lines, is_heard, summary.thumbnail) == ([], True, None)
    assert summary.remark.startswith("the images cannot be decoded")
    assert summary.facts.duration == pytest.approx(4, abs=0.1)


def test_a_film_of_which_nothing_can_be_decoded_fails(film):
    path = film()
    damage(path, b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/ZZZ")
    damage(path, b"A_OPUS", b"A_ZZZZ")
    with pytest.raises(UnreadableMediaError, match="cannot be decoded"):
        read(path)


def test_a_damaged_cover_is_no_reason_to_lose_the_sound(tmp_path):
    body = bytearray(encode(write_song, make_noise_images(1)[0]))
    place = body.index(b"\xff\xd8\xff")
    body[place : place + 3000] = b"\x55" * 3000
    (tmp_path / "song.mp3").write_bytes(body)
    *parts, summary = decode_file(tmp_path / "song.mp3", ItemType.AUDIO)
    assert any(isinstance(part, AudioChunk) for part in parts)
    assert (summary.thumbnail, summary.facts.title) == (None, "Song")


@pytest.mark.parametrize(("container", "codec"), [("mp4", "aac"), ("flac", "flac")])
def test_a_truncated_recording_has_a_remark(tmp_path, container, codec):
    path = tmp_path / "talk"
    options = {"movflags": "faststart"} if container == "mp4" else {}
    noise = np.random.default_rng(0).normal(0, 0.1, 10 * RATE)
    write_sounds(str(path), [(0, noise, {})], container, codec, options=options)
    *_, summary = decode_file(path, ItemType.AUDIO)
    assert summary.remark is None
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    *_, summary = decode_file(path, ItemType.AUDIO)
    assert re.fullmatch(r"the file is incomplete: (5|4\.\d|5\.\d) of 10 seconds could be decoded", summary.remark)
    assert summary.facts.duration == pytest.approx(5, abs=0.3)


def test_a_recording_of_a_browser_has_no_remark(tmp_path):
    options = {"movflags": "frag_keyframe+empty_moov", "frag_duration": "500000"}
    write_sounds(str(tmp_path / "talk"), [(0, make_tone(4), {})], "mp4", "aac", options=options)
    *_, summary = decode_file(tmp_path / "talk", ItemType.AUDIO)
    assert (summary.remark, summary.facts.duration) == (None, pytest.approx(4, abs=0.15))
