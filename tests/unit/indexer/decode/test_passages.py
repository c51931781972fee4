"""Passages cover the whole text, at their offsets, in bounded size."""

from hypothesis import given
from hypothesis import strategies as st

from indexer.decode.passages import MAX_OVERLAP_CHARACTERS, MAX_PASSAGE_CHARACTERS, cut_passages

PROSE = st.lists(
    st.sampled_from(["The cat sat. ", "Why? ", "你好。", "x" * 900 + " ", "Line\n\n", "word " * 60 + ". "]),
    max_size=40,
).map("".join)


@given(PROSE | st.text(max_size=2000))
def test_every_word_is_in_a_passage_and_offsets_are_true(text):
    passages = cut_passages(text)
    squeezed = "".join(text.split())
    covered = 0
    for passage in passages:
        assert 0 < len(passage.text) <= MAX_PASSAGE_CHARACTERS + MAX_OVERLAP_CHARACTERS + 2
        at = len("".join(text[: passage.offset].split()))
        body = "".join(passage.text.split())
        assert squeezed[at : at + len(body)] == body
        assert at <= covered
        covered = max(covered, at + len(body))
    assert covered == len(squeezed)


def test_neighbours_overlap_by_whole_sentences():
    text = " ".join(f"This is sentence number {n} of the story." for n in range(60))
    first, second, *_ = cut_passages(text)
    assert first.text.split(". ")[-1].rstrip(".") in second.text
    assert first.text.endswith(".")


def test_pages_and_offsets_count_from_the_document():
    (passage,) = cut_passages("On page three.", page=3, offset=1000)
    assert (passage.page, passage.offset) == (3, 1000)
