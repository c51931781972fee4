"""Where short clips go in windows, and which texts are not trusted."""

import pytest

from search.encoders.whisper.packed import is_doubtful, make_transcript, repeats_itself
from search.encoders.whisper.windows import (
    GAP_FRAMES,
    MAX_CLIP_FRAMES,
    RESERVED_FRAMES,
    WINDOW_FRAMES,
    fill_windows,
)


def make_text(text, **changes):
    """Return a text whose words take .4 seconds each."""
    return {
        "text": text,
        "words": [{"word": word, "start": at * 0.4, "end": (at + 1) * 0.4} for at, word in enumerate(text.split())],
        "start": 0.0,
        "end": 0.0,
        "avg_logprob": -0.1,
        "no_speech_prob": 0.1,
        "compression_ratio": 1.0,
        "is_cut": False,
        **changes,
    }


def test_clips_never_overlap_and_are_followed_by_silence():
    lengths = [180, 700, MAX_CLIP_FRAMES, 20, 350, MAX_CLIP_FRAMES, 500]
    windows = fill_windows(lengths)
    slots = [slot for window in windows for slot in window.slots]
    assert sorted(slot.clip for slot in slots) == list(range(len(lengths)))
    for window in windows:
        ends = [0, *(slot.start + slot.size for slot in window.slots)]
        assert [slot.start for slot in window.slots] == ends[:-1]
        assert ends[-1] <= WINDOW_FRAMES - RESERVED_FRAMES
    assert all(slot.size >= lengths[slot.clip] + GAP_FRAMES for slot in slots)


def test_short_clips_share_a_window():
    assert len(fill_windows([200] * 5)) == 1
    assert len(fill_windows([MAX_CLIP_FRAMES] * 2)) == 1


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        ("All circuits are busy now. All circuits are busy now.", True),
        ("the the the the the the", True),
        ("Please hold the line for the next agent the next agent the next agent", True),
        ("Hello, hello.", True),
        ("All circuits are busy now.", False),
        ("Press one to hear it again, press two to go on.", False),
        ("Hello", False),
        ("", False),
    ],
)
def test_a_text_whose_end_repeats_itself_is_noticed(text, repeats):
    assert repeats_itself(text.split()) is repeats


def test_a_probable_text_that_covers_the_speech_is_trusted():
    assert not is_doubtful(make_text("All circuits are busy now."), 2.4)


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({"words": []}, 2.4),
        ({"avg_logprob": -1.0}, 2.4),
        ({"compression_ratio": 3.0}, 2.4),
        ({"is_cut": True}, 2.4),
        ({}, 3.2),  # words are missing at the end
        ({"words": [{"word": "one", "start": 0.0, "end": 0.4}, {"word": "six", "start": 3.0, "end": 3.4}]}, 3.4),
    ],
)
def test_a_text_is_doubtful(changes, seconds):
    assert is_doubtful(make_text("All circuits are busy now.", **changes), seconds)


def test_words_have_the_times_of_the_recording():
    second = 16_000
    spans = [{"start": 1 * second, "end": 2 * second}, {"start": 5 * second, "end": 7 * second}]
    transcript = make_transcript(make_text("one two three four five six"), "en", spans)
    (segment,) = transcript.segments
    assert [word.start for word in segment.words] == pytest.approx([1.0, 1.4, 4.8 + 0.0, 5.2, 5.6, 6.0], abs=0.25)
    assert segment.end == pytest.approx(6.4)
    assert transcript.language == "en"
