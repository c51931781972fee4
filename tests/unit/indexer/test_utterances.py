"""Transcripts become sentences with their times."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from indexer.transcribe import cut_sentences, join_fragments, split_at_pauses
from search.records import SpeechSegment, Transcript, Word


def make_transcript(*timed):
    """A segment of words, each with the pause before it."""
    words, at = [], 0.0
    for pause, text in timed:
        words.append(Word(at + pause, at + pause + 0.3, text))
        at += pause + 0.3
    return SpeechSegment(words[0].start, at, " ".join(word.text for word in words), 0.9, 0.1, tuple(words))


def say(text, pause):
    first, *rest = text.split()
    return [(pause, first), *((0.0, word) for word in rest)]


def test_sentences_that_pauses_part_are_found_at_their_moments():
    transcript = make_transcript(*say("First the rocket stands there.", 0), *say("At last a red flower opens.", 0.4))
    first, last = cut_sentences(60.0, Transcript("en", (transcript,)))
    assert (first.text, last.text) == ("First the rocket stands there.", "At last a red flower opens.")
    assert (first.start, first.end, last.start, last.end) == (60.0, 61.5, 61.9, 63.7)
    assert [word.text for word in last.words] == last.text.split()
    assert (last.confidence, last.no_speech) == (0.81, 0.1)


def test_no_sentence_ends_where_nobody_pauses_or_after_a_word_or_two():
    for spoken in (
        [*say("We went to see old Dr.", 0), *say("Smith in his small house.", 0.05)],
        [*say("Thank you.", 0), *say("The next train leaves at ten.", 1.0)],
        [*say("The next train leaves at ten.", 0), *say("Thank you.", 1.0)],
        [*say("The next train leaves", 0), *say("at ten in the morning.", 1.0)],
    ):
        transcript = make_transcript(*spoken)
        assert list(split_at_pauses(transcript)) == [transcript]


def test_a_segment_whose_words_are_not_its_text_stays_whole():
    transcript = make_transcript(*say("First the rocket stands there.", 0), *say("At last a red flower opens.", 0.4))
    other = SpeechSegment(0, 9, "Something else. Entirely.", 0.9, 0.1, transcript.words)
    assert list(split_at_pauses(other)) == [other]


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.1, 0.3, 2.0]), st.sampled_from(["a", "be", "c.", "the", "end!", "a."])),
        min_size=1,
        max_size=40,
    )
)
def test_no_speech_is_lost_or_moved(spoken):
    transcript = make_transcript(*spoken)
    parts = list(split_at_pauses(transcript))
    assert " ".join(part.text for part in parts) == transcript.text
    assert tuple(word for part in parts for word in part.words) == transcript.words
    assert all(part.text.split() == [word.text for word in part.words] for part in parts)
    assert all(one.end <= after.start for one, after in pairwise(parts))


def test_half_a_sentence_goes_on_with_the_other_half():
    spoken = [
        SpeechSegment(0, 3, "In order for this to work you need to", 0.9, 0.0),
        SpeechSegment(3.1, 6, "connect from the PBX that is running the test.", 0.8, 0.1),
        SpeechSegment(6.2, 7, "Thank you.", 0.9, 0.0),
        SpeechSegment(7.1, 8, "And now", 0.9, 0.0),
        SpeechSegment(11, 19, "somebody sings and does not stop", 0.9, 0.0),
        SpeechSegment(19, 27, "for a long time", 0.9, 0.0),
    ]
    joined = join_fragments(spoken)
    whole = f"{spoken[0].text} {spoken[1].text}"
    assert [one.text for one in joined] == [whole, *(one.text for one in spoken[2:])]
    assert (joined[0].start, joined[0].end, joined[0].confidence, joined[0].no_speech) == (0, 6, 0.8, 0.1)
