"""Kill a model change repeatedly while clients search: no answer may fail or mix models.

    python benchmarks/migration.py PHOTOS HOME MODEL [--items 2000] [--kills 20] [--clients 4]

Indexes the photos with the bundled model, starts the server, and lets the clients search without pause.
`crossmodal models use MODEL` is killed (SIGKILL) whenever it has written more vectors, and run again. Every answer must
equal that of the old model or that of the new model in all results and scores, and no client may get an answer of the
old model after an answer of the new model.
"""

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from search.open_home import open_home
from search.records import Retriever
from search.settings import Settings

QUERIES = ("a dog running on grass", "two people on a street", "snow and mountains", "a red car", "children playing")
LIMIT = 10


@dataclass
class Client:
    """A client that searches without pause.

    Attributes:
        address: The address of the server.
        stop: Set to end the client.
        number: The seed that its queries are drawn with.
        seen: The position of each query in `QUERIES` and its answer, in order.
        failures: Errors of requests.
    """

    address: str
    stop: threading.Event
    number: int
    seen: list[tuple[int, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Search until `stop` is set."""
        rng = random.Random(self.number)
        while not self.stop.is_set():
            number = rng.randrange(len(QUERIES))
            try:
                self.seen.append((number, ask(self.address, QUERIES[number])))
            except OSError as error:
                self.failures.append(str(error))


def ask(address: str, text: str) -> list[tuple[int, float]]:
    """Search by a text and return the ids and scores of the results."""
    body = json.dumps({"text": text, "all": True, "limit": LIMIT}).encode()
    request = urllib.request.Request(f"{address}/api/v1/search", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        hits = json.load(answer)["hits"]
    return [(hit["item"]["id"], round(hit["score"], 5)) for hit in hits]


def run_command(home: Path, *arguments: str) -> list[str]:
    """Return the command line of a subcommand."""
    return [sys.executable, "-m", "crossmodal", "--home", str(home), *arguments]


@contextmanager
def serve(home: Path) -> Iterator[str]:
    """Run a server for a home and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = run_command(home, "serve", "--port", str(port), "--no-worker")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/readyz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


def kill_repeatedly(home: Path, model: str, kills: int, items: int) -> list[int]:
    """Run the model change and kill it repeatedly, each time after it has written more vectors.

    Args:
        home: The home.
        model: The name of the new model.
        kills: How often to kill it.
        items: The number of items.

    Returns:
        The number of vectors at each kill.
    """
    library = open_home(Settings(home=home))
    spaces, rng = library.spaces, random.Random(kills)
    step = max(1, items // (kills + 2))
    filled_at_kills: list[int] = []
    for _ in range(kills):
        process = start_change(home, model)
        goal = (filled_at_kills[-1] if filled_at_kills else 0) + rng.randint(1, step)
        while process.poll() is None:
            space = spaces.find("visual", "next")
            count = spaces.count(space.id) if space else 0
            if count >= goal:
                os.killpg(process.pid, signal.SIGKILL)
                break
            time.sleep(0.01)
        process.wait()
        filled_at_kills.append(spaces.count(spaces.get("visual", "next").id))
    library.close()
    return filled_at_kills


def start_change(home: Path, model: str) -> "subprocess.Popen[bytes]":
    """Start the model change in a new process group."""
    command = run_command(home, "models", "use", model, "--json")
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def run_benchmark(home: Path, model: str, kills: int, clients: int, items: int) -> dict[str, Any]:
    """Change the model of an indexed home while clients search, and return the figures.

    Args:
        home: The home.
        model: The name of the new model.
        kills: How often to kill the model change.
        clients: The number of clients.
        items: The number of items in the home.

    Raises:
        AssertionError: An answer failed or mixed models.
    """
    stop = threading.Event()
    with serve(home) as address:
        old = {number: ask(address, text) for number, text in enumerate(QUERIES)}
        searching = [Client(address, stop, number) for number in range(clients)]
        threads = [threading.Thread(target=client.run) for client in searching]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        filled = kill_repeatedly(home, model, kills, items)
        final_run = start_change(home, model)
        assert final_run.wait() == 0, "the last run failed"
        seconds = time.monotonic() - began
        new = wait_for_change(address, old)
        time.sleep(1)
        stop.set()
        for thread in threads:
            thread.join()
    for client in searching:
        check_answers(client, old, new)
    return {
        "items": items,
        "kills": len(filled),
        "filled at each kill": filled,
        "answers": sum(len(client.seen) for client in searching),
        "by the new model": sum(answer == new[number] for client in searching for number, answer in client.seen),
        "failed": sum(len(client.failures) for client in searching),
        "seconds": round(seconds, 1),
    }


def wait_for_change(address: str, old: dict[int, Any]) -> dict[int, Any]:
    """Wait until the server uses the new model, and return its answers."""
    for _ in range(600):
        if ask(address, QUERIES[0]) != old[0]:
            return {number: ask(address, text) for number, text in enumerate(QUERIES)}
        time.sleep(0.1)
    raise AssertionError("the server did not start using the new model")


def check_answers(client: Client, old: dict[int, Any], new: dict[int, Any]) -> None:
    """Check that every answer equals that of one of the models."""
    assert not client.failures, client.failures[0]
    changed = False
    for number, answer in client.seen:
        assert answer in (old[number], new[number]), f"a mixed answer to {QUERIES[number]!r}: {answer}"
        assert not (changed and answer != new[number]), "an old answer after a new one"
        changed = changed or answer == new[number]


def fill_home(home: Path, folder: Path, photos: Path, items: int) -> None:
    """Index the first photos with the bundled model."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(photos.iterdir())[:items]:
        link = folder / path.name
        if not link.exists():
            os.link(path, link)
    subprocess.run(run_command(home, "index", str(folder)), check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Run the benchmark and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("model")
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--clients", type=int, default=4)
    options = parser.parse_args()
    fill_home(options.home, options.home.with_name(options.home.name + "-photos"), options.photos, options.items)
    print(json.dumps(run_benchmark(options.home, options.model, options.kills, options.clients, options.items)))
    library = open_home(Settings(home=options.home))
    assert library.models.get_encoder(Retriever.VISUAL).name == options.model
    library.close()


if __name__ == "__main__":
    main()
