"""What `crossmodal status` and the models page report."""

from search.records import Retriever
from search.status import list_models


def test_a_space_has_as_many_embeddings_as_the_active_one_has_in_total(library):
    spaces, _ = list_models(library)
    assert {space["retriever"] for space in spaces} == {Retriever.VISUAL, Retriever.SEMANTIC}
    assert all(space["embeddings"] == space["total"] > 0 for space in spaces)
