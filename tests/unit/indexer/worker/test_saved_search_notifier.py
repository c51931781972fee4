"""What a watched search reports: what answers it, and not what is only the closest."""

import pytest
from PIL import Image

from indexer.worker.saved_search_notifier import SavedSearchNotifier
from search.engine import Engine
from search.records import Query
from search.storage.saved_searches import SavedSearches
from tests.support.fake_models import CONCEPTS
from tests.support.indexing import index
from tests.support.web_client import make_client


@pytest.mark.parametrize(("text", "is_found"), [("a cat", True), ("qwzx vbnm", False)])
def test_the_closest_items_of_a_search_without_results_are_not_reported(fresh, tmp_path, text, is_found):
    client = make_client(fresh)
    saved = client.post("/api/v1/searches", json={"name": "a", "request": {"text": text}, "watched": True}).json
    folder = tmp_path / "media"
    folder.mkdir()
    Image.new("RGB", (64, 64), CONCEPTS["cat"]).save(folder / "cat.png")
    index(fresh, folder)
    SavedSearchNotifier(fresh).poll()
    assert bool(SavedSearches(fresh.database).list_found(saved["id"])) == is_found
    answer = Engine(fresh).search(Query(text=text, include_all=True))
    assert (len(answer.hits), answer.nothing_relevant) == (1, not is_found)
