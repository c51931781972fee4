"""The two tiers of results over the demo library, with the scores of the bundled models."""

from functools import cache
from pathlib import Path

import numpy as np

from search.engine import Engine
from search.query.encoding import encode_query
from search.records import Filters, ItemType, Query, QueryPart, Retriever, Tier
from search.retrieval.retrieval import Retrieval
from search.retrieval.text_retriever import TextRetriever
from search.scoring.candidates import POSSIBLE_CUT


@cache
def ask(engine, **fields):
    return engine.search(Query(text="a cat", **fields))


def test_the_tiers_of_a_library_are_its_ranking(engine):
    whole = ask(engine, include_all=True, limit=100)
    relevant, possible = ask(engine, limit=100), ask(engine, limit=100, tier=Tier.POSSIBLE)
    both = [*relevant.hits, *possible.hits]
    assert [hit.item.id for hit in both] == [hit.item.id for hit in whole.hits][: len(both)]
    assert all(hit.relevant for hit in relevant.hits)
    assert not any(hit.relevant for hit in possible.hits)
    assert all(hit.score >= POSSIBLE_CUT for hit in both)
    assert all(hit.score < POSSIBLE_CUT for hit in whole.hits[len(both) :])
    for answer in (whole, relevant, possible):
        assert (answer.total, answer.possible) == (len(relevant.hits), len(possible.hits))
        assert not answer.total_is_estimate
        assert not answer.possible_is_estimate


def test_more_like_this_returns_neighbors_without_the_item(engine):
    photo = engine.search(Query(text="a cat", filters=Filters(types=(ItemType.IMAGE,)))).hits[0].item
    whole = (0.0, 0.0, 1.0, 1.0)
    for text, crop in ((None, None), ("type:image", None), (None, whole)):
        near = engine.search(Query(text=text, parts=(QueryPart(item=photo.id, crop=crop),), include_all=True)).hits
        assert near
        assert photo.id not in {hit.item.id for hit in near}
    hits = engine.search(Query(text="cat", parts=(QueryPart(item=photo.id),), include_all=True)).hits
    assert Path(photo.path).name in [Path(hit.item.path).name for hit in hits[:3]]


def test_images_of_items_with_likely_texts_are_scored_at_any_depth(library, monkeypatch):
    """A video may be relevant by its speech and its frames together, but not by either of them."""
    revision = library.catalog.read_revision()
    film = Engine(library).search(Query(filters=Filters(types=(ItemType.VIDEO,)))).hits[0].item.id
    encoded = encode_query(library, Query(text="grass"))
    monkeypatch.setattr(TextRetriever, "list_likely_items", lambda *_: np.zeros(0, np.int64))
    assert film not in Retrieval(library, encoded, False, revision).retrieve(Retriever.VISUAL, 1).item_ids
    monkeypatch.setattr(TextRetriever, "list_likely_items", lambda *_: np.array([film]))
    found = Retrieval(library, encoded, False, revision).retrieve(Retriever.VISUAL, 1)
    assert film in found.item_ids
    assert (np.diff(found.probabilities) <= 0).all()
