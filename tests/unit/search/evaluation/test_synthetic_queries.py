"""Queries that a library generates for a model."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from search.evaluation.synthetic_queries import MAX_BITS, pair_phashes

LOOKS = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=60)


def count_bits(one, other):
    return ((one ^ other) & (2**64 - 1)).bit_count()


@given(LOOKS)
def test_pairs_of_near_phashes_are_listed_once(phashes):
    pairs = pair_phashes(np.array(phashes, np.int64))
    assert len(set(pairs)) == len(pairs)
    assert all(one < other and count_bits(phashes[one], phashes[other]) <= MAX_BITS for one, other in pairs)


@given(st.integers(0, 2**31), st.lists(st.integers(0, 63), max_size=3))
def test_a_phash_that_differs_in_three_bits_is_found(seed, bits):
    chance = np.random.default_rng(seed)
    phashes = chance.integers(-(2**63), 2**63 - 1, 200)
    twin = int(phashes[17])
    for bit in bits:
        twin ^= (1 << bit) if bit < 63 else -(1 << 63)
    assert (17, 200) in pair_phashes(np.append(phashes, np.int64(twin)))
