"""What a language model reads of a library."""

import inspect
import json
import typing

import pytest

import crossmodal
from crossmodal import mcp_tools
from crossmodal.mcp_tools import SearchTools
from search.errors import NotFoundError, UsageError
from search.storage.albums import Albums
from tests.support.fake_demo import draw_photo
from tests.support.indexing import index


@pytest.fixture(scope="module")
def tools(library):
    return SearchTools(crossmodal.Library(library))


def test_relevant_results_come_first_and_uncertain_ones_follow(tools):
    found = tools.search("a cup of coffee", types=["image"], limit=5)
    assert not found["nothing_relevant"]
    assert found["hits"][0]["item"]["path"].endswith("morning.jpg")
    assert [hit["relevant"] for hit in found["hits"]] == sorted(
        (hit["relevant"] for hit in found["hits"]), reverse=True
    )
    assert len(found["hits"]) <= 5
    json.dumps(found)


def test_with_nothing_relevant_the_closest_are_returned(tools):
    found = tools.search("qwzx vbnm", limit=3)
    assert found["nothing_relevant"]
    assert len(found["hits"]) == 3


def test_results_are_short(tools):
    for hit in tools.search("lighthouse", limit=50)["hits"]:
        assert None not in hit["item"].values()
        assert all(None not in evidence.values() for evidence in hit["evidence"])
        assert not {"placeholder", "mtime_ns"} & hit["item"].keys()


def test_filters_limit_the_results(tools):
    with pytest.raises(UsageError, match="There is no folder nowhere"):
        tools.search("a", path="nowhere")
    assert {hit["item"]["type"] for hit in tools.search("flower", types=["document"])["hits"]} <= {"document"}
    with pytest.raises(UsageError, match="after"):
        tools.search("a", after="soon")


def test_an_item_its_text_and_similar_items(tools):
    film = tools.search("holiday", types=["video"])["hits"][0]["item"]
    details = tools.get_item(film["id"])
    assert details["item"]["path"] == film["path"]
    assert details["segments"]["speech"] > 0
    text = tools.read_text(film["id"])
    assert {"text", "start", "end", "kind", "id"} == text["parts"][0].keys()
    assert text["next"] is None
    similar = tools.find_similar(film["id"], limit=4)["hits"]
    assert len(similar) == 4
    assert film["id"] not in {hit["item"]["id"] for hit in similar}
    for tool in (tools.get_item, tools.read_text, tools.find_similar):
        with pytest.raises(NotFoundError):
            tool(10**9)


def test_a_long_text_is_read_in_parts(fresh, tmp_path, monkeypatch):
    monkeypatch.setattr(mcp_tools, "MAX_CHARACTERS", 1500)
    sentences = [f"Sentence {number} is about lighthouses and their keepers." for number in range(400)]
    (tmp_path / "book.txt").write_text("\n\n".join(sentences))
    index(fresh, tmp_path / "book.txt")
    tools = SearchTools(crossmodal.Library(fresh))
    item = fresh.catalog.list_items()[0]
    parts, after = [], 0
    while after is not None:
        answer = tools.read_text(item.id, after)
        parts += answer["parts"]
        after = answer["next"]
    expected = [one for one in fresh.catalog.list_segments(item.id) if one.segment.kind == "passage"]
    assert [one["id"] for one in parts] == [one.id for one in expected]
    with pytest.raises(UsageError, match=r"after: the text of item \d+ has only"):
        tools.read_text(item.id, len(parts))


def test_an_item_without_text_has_none(fresh, media):
    index(fresh, media / "green.png")
    tools = SearchTools(crossmodal.Library(fresh))
    assert tools.read_text(fresh.catalog.list_items()[0].id)["parts"] == []


def test_albums(fresh):
    Albums(fresh.database).add("Best of 2024")
    assert [one["name"] for one in SearchTools(crossmodal.Library(fresh)).list_albums()["albums"]] == ["Best of 2024"]


def test_tags_of_the_machine_filter_and_describe(fresh, tmp_path):
    fresh.home.tags.write_text("name\tgroup\tquery\tcut\nplant\tobject\ta cat\t0.5\nrare\tobject\trocket\t0.9\n")
    draw_photo("cat", 1).save(tmp_path / "a.png")
    index(fresh, tmp_path / "a.png")
    tools = SearchTools(crossmodal.Library(fresh))
    assert tools.list_machine_tags() == {"tags": [{"name": "plant", "count": 1}]}
    [hit] = tools.search("", machine_tags=["plant"])["hits"]
    assert hit["item"]["machine_tags"] == ["plant"]
    assert tools.get_item(hit["item"]["id"])["item"]["machine_description"] == "Probably: plant"
    assert tools.search("", machine_tags=["rare"])["hits"] == []


def test_every_tool_and_parameter_is_described():
    for name, tool in inspect.getmembers(SearchTools, inspect.isfunction):
        if name.startswith("_"):
            continue
        assert tool.__doc__
        hints = typing.get_type_hints(tool, include_extras=True)
        for parameter in list(inspect.signature(tool).parameters)[1:]:
            assert any(getattr(one, "description", None) for one in hints[parameter].__metadata__), (name, parameter)
