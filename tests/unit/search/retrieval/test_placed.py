"""What comes from a named place ranks before what only looks like it."""

import numpy as np
import pytest

from search.query.folders import NamedFolder
from search.query.places import NamedPlaces
from search.records import Retriever
from search.retrieval.placed import PlacedRetrieval
from search.scoring.candidates import RELEVANCE_CUT, Retrieved, score_items

ELSEWHERE, UNKNOWN, THERE = 1, 2, 3
PLACE = NamedPlaces((), "", is_certain=True)
FOLDER = NamedFolder("Work/Invoices", "", frozenset(("work", "invoices")), has_noun=False)


class Whole:
    """Finds three images; the one from the place is the least similar."""

    def retrieve(self, retriever, depth):
        ids = np.array([ELSEWHERE, UNKNOWN, THERE] if retriever is Retriever.VISUAL else [], np.int64)
        probabilities = np.array([0.99, 0.95, 0.6][: len(ids)], np.float32)
        return Retrieved(retriever, ids, ids, probabilities, probabilities, read_vector=lambda at: ids[at])


class Items:
    """One image is from the place; of another it is known where it was captured."""

    ids = np.array([THERE], np.int64)

    def list_located(self, item_ids):
        return np.array([item for item in item_ids.tolist() if item in (ELSEWHERE, THERE)], np.int64)

    def read_newest(self, count):
        return {THERE: 13}


def score(named):
    retrieval = PlacedRetrieval(Whole(), None, named, Items())
    found = [retrieval.retrieve(retriever, 10) for retriever in Retriever]
    scores = score_items(found, {})
    return found, dict(zip(scores.item_ids.tolist(), scores.scores.tolist(), strict=True))


def test_what_was_captured_in_the_place_comes_first_and_what_was_captured_elsewhere_is_not_relevant():
    _, scores = score(PLACE)
    assert scores[THERE] > scores[UNKNOWN] >= RELEVANCE_CUT > scores[ELSEWHERE]


def test_an_image_that_looks_like_the_name_of_a_folder_is_not_relevant():
    _, scores = score(FOLDER)
    assert scores[THERE] >= RELEVANCE_CUT > max(scores[UNKNOWN], scores[ELSEWHERE])


@pytest.mark.parametrize("named", [PLACE, FOLDER])
def test_segments_stay_in_order_with_their_vectors(named):
    [visual, *_], _ = score(named)
    assert (np.diff(visual.probabilities) <= 0).all()
    assert [visual.read_vector(at) for at in range(3)] == visual.item_ids.tolist()
