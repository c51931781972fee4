"""Near-identical pictures are one stack; diversity reorders and loses nothing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from search.engine.paging import Cursor, Ranking, find_place
from search.media.picture import measure_look
from search.ranking.fusion import Ranked
from search.ranking.grouping import MOST_BITS, Stack, diversify, stack_copies
from search.ranking.lanes import Candidate
from search.records import Lane


def make(item_id, score=0.9, axis=0, look=0):
    vector = np.zeros(8, np.float32)
    vector[axis % 8] = 1
    picture = Candidate(Lane.PICTURE, item_id, item_id, 0.3, score, vector, look)
    return Ranked(item_id, score, 0.0, (picture,))


def test_copies_are_stacked_under_the_best():
    stacks = stack_copies([make(1), make(2, look=0b11), make(3, axis=1), make(4, look=2**62 - 1), make(5)])
    assert [(one.first.item_id, one.others) for one in stacks] == [(1, (2, 5)), (3, ()), (4, ())]


def test_what_has_no_picture_or_several_is_left_alone():
    speech = Ranked(1, 0.9, 0.0, (Candidate(Lane.MEANING, 1, 1, 0.5, 0.9),))
    film = Ranked(2, 0.9, 0.0, make(2).candidates * 2)
    assert len(stack_copies([speech, speech, film, film])) == 4


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7)), max_size=30), st.floats(0, 1))
def test_diversity_keeps_every_item_once(rows, strength):
    ordered = sorted(rows, reverse=True)
    stacks = [Stack(make(at, score, axis)) for at, (score, axis) in enumerate(ordered)]
    reordered = diversify(stacks, strength)
    assert sorted(one.first.item_id for one in reordered) == list(range(len(rows)))
    assert diversify(stacks, 0.0) == stacks


def test_diversity_brings_what_is_unlike_forward():
    stacks = [Stack(make(1, 0.9)), Stack(make(2, 0.89)), Stack(make(3, 0.8, axis=1))]
    assert [one.first.item_id for one in diversify(stacks, 0.5)] == [1, 3, 2]


def test_a_perceptual_hash_survives_scaling_and_light(demo):
    pictures = [Image.open(path).convert("RGB") for path in sorted(demo.rglob("*.jpg"))]
    looks = [measure_look(one) for one in pictures]
    for picture, look in zip(pictures, looks, strict=True):
        copy = ImageEnhance.Brightness(picture.resize((picture.width // 3, picture.height // 3))).enhance(1.15)
        assert ((measure_look(copy) ^ look) & (2**64 - 1)).bit_count() <= MOST_BITS
    different = [(a ^ b) & (2**64 - 1) for at, a in enumerate(looks) for b in looks[:at]]
    assert np.median([one.bit_count() for one in different]) > 20


def test_a_ranking_made_anew_goes_on_behind_the_last_item_shown():
    ranking = Ranking(tuple(Stack(make(item)) for item in (7, 5, 3)), 3, True, (), None)
    assert find_place(Cursor("q", 1, 5), ranking) == 2
    assert find_place(Cursor("q", 2, 99), ranking) == 2
    assert find_place(Cursor("q", 9, 99), ranking) == 3
