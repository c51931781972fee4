"""`crossmodal mcp`, used by the client of the official SDK over standard input and output."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters, stdio_client

from tests.support.any_library import serving

ROOT = Path(__file__).parents[3]
TOOLS = {"search", "find_similar", "get_item", "read_text", "list_albums", "list_machine_tags"}


@pytest.fixture(scope="module", params=["home", "server"])
def parameters(request, library):
    """How to start the command, over a home and over a server."""
    with serving(library) as url:
        where = ["--home", str(library.home.root)] if request.param == "home" else ["--server", url]
        yield StdioServerParameters(
            command=sys.executable, args=["-m", "crossmodal", *where, "mcp"], env={"PYTHONPATH": str(ROOT)}, cwd=ROOT
        )


def run_apart(talk):
    """Run a coroutine in a thread: the browser tests leave a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(talk())).result()


def ask(parameters, *calls):
    """Return the results of some calls of tools, each a name and arguments."""

    async def talk():
        async with Client(stdio_client(parameters)) as client:
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    return run_apart(talk)


def test_only_tools_that_read_are_offered(parameters):
    async def talk():
        async with Client(stdio_client(parameters)) as client:
            return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in run_apart(talk)}
    assert tools.keys() == TOOLS
    for tool in tools.values():
        assert tool.annotations.read_only_hint
        assert tool.description
        assert all("description" in one for one in tool.input_schema["properties"].values())
    assert tools["search"].input_schema["required"] == ["text"]


def test_a_model_searches_and_reads(parameters):
    found, albums = ask(parameters, ("search", {"text": "the shopping list", "types": ["audio"]}), ("list_albums", {}))
    best = found.structured_content["hits"][0]["item"]
    assert best["path"].endswith("shopping.wav")
    assert albums.structured_content == {"albums": []}
    details, text, similar = ask(
        parameters,
        ("get_item", {"item_id": best["id"]}),
        ("read_text", {"item_id": best["id"]}),
        ("find_similar", {"item_id": best["id"], "limit": 2}),
    )
    assert details.structured_content["segments"]["speech"] > 0
    assert "tomatoes" in " ".join(part["text"] for part in text.structured_content["parts"])
    assert len(similar.structured_content["hits"]) == 2


def test_errors_are_messages_for_the_model(parameters):
    missing, wrong = ask(parameters, ("get_item", {"item_id": 10**9}), ("search", {"text": "a", "limit": 1000}))
    assert missing.is_error
    assert "There is no item 1000000000" in missing.content[0].text
    assert wrong.is_error
    assert "limit" in wrong.content[0].text
