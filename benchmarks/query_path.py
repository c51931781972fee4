"""Measure where the time of a query goes: the encoders, the engine and HTTP, at first and again.

    python -m benchmarks.query_path HOME... [--limit 20] [--profile]

For each home, half of the texts are asked of the engine in this process and the other half of a server, so that no
text is in a cache when it is searched for the first time. Prints the median milliseconds and the 95th percentile of:

- encoders: the text encoders alone, for a text that is not in their caches;
- engine, rest: the engine for the same text right after, without what the encoders took;
- engine, again: the same query at the same revision of the catalog;
- image, again: a query by an image of 1 MB, all results, at the same revision;
- HTTP, first and again: over one kept connection, until the whole body was read;
- plain request: `/api/v1/session`, what the server takes for any request.

`--profile` prints the functions that took longest, for the first and for the repeated queries of the engine, instead.
"""

import argparse
import cProfile
import gc
import http.client
import io
import json
import pstats
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.first_seconds import serve
from search.encoders.class_names import read_classes
from search.engine import Engine
from search.open_home import open_home
from search.records import Query, QueryPart
from search.settings import read_settings
from web.server.tuning import tune_for_requests

TEXTS = 160
ROUNDS = 5
SHOWN_FUNCTIONS = 25


def list_texts() -> list[str]:
    """Return texts that differ, from the names of things in English."""
    names = [names.names["en"][0] for names in read_classes()]
    return [f"a {name} in the garden" for name in names[:: len(names) // TEXTS]]


def time_call(call: Callable[[], object]) -> float:
    """Return the milliseconds that a call takes."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def print_row(name: str, milliseconds: Sequence[float]) -> None:
    """Print the median and the 95th percentile."""
    print(
        f"  {name:<16} {statistics.median(milliseconds):7.1f}   95 %: {np.percentile(milliseconds, 95):7.1f}",
        flush=True,
    )


def open_engine(home: Path) -> Engine:
    """Return an engine that has loaded what text queries need."""
    engine = Engine(open_home(read_settings(home=home)))
    engine.warm_up()
    # As the server does.
    tune_for_requests()
    gc.collect()
    gc.freeze()
    for text in ("water", "a red car"):
        engine.search(Query(text=text))
    return engine


def make_upload() -> bytes:
    """Return an image file of about 1 MB."""
    noise = np.random.default_rng(0).integers(0, 255, (800, 900, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def measure_engine(home: Path, texts: Sequence[str], limit: int) -> None:
    """Print the rows of the engine."""
    engine = open_engine(home)
    models = engine.library.models

    def encode(text: str) -> None:
        models.text_encoder.encode_queries([text])
        models.image_encoder.encode_texts([text])

    rows: dict[str, list[float]] = {"encoders": [], "engine, rest": [], "engine, again": []}
    for text in texts:
        query = Query(text=text, limit=limit)
        rows["encoders"].append(time_call(partial(encode, text)))
        rows["engine, rest"].append(time_call(partial(engine.search, query)))
        rows["engine, again"] += [time_call(partial(engine.search, query)) for _ in range(ROUNDS)]
    upload = Query(parts=(QueryPart(image=make_upload()),), limit=limit, include_all=True)
    engine.search(upload)
    rows["image, again"] = [time_call(lambda: engine.search(upload)) for _ in range(ROUNDS * 10)]
    for name, row in rows.items():
        print_row(name, row)
    engine.library.close()


def profile_engine(home: Path, texts: Sequence[str], limit: int) -> None:
    """Print the functions that first and repeated queries spend the most time in."""
    engine = open_engine(home)
    queries = [Query(text=text, limit=limit) for text in texts]
    for name, repeats in (("first", 1), ("again", ROUNDS)):
        profile = cProfile.Profile()
        profile.enable()
        for query in queries:
            for _ in range(repeats):
                engine.search(query)
        profile.disable()
        print(f"  {name}, {len(queries) * repeats} queries")
        pstats.Stats(profile).sort_stats("cumulative").print_stats(SHOWN_FUNCTIONS)
    engine.library.close()


def measure_server(home: Path, texts: Sequence[str], limit: int) -> None:
    """Print the rows of a server that this function starts and stops."""
    with serve(home) as server:
        server.wait_for("/readyz")
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for text in ("water", "a red car"):
            send(client, text, limit)
        first, again = [], []
        for text in texts:
            first.append(time_call(partial(send, client, text, limit)))
            again += [time_call(partial(send, client, text, limit)) for _ in range(ROUNDS)]
        plain = [time_call(lambda: read(client, "GET", "/api/v1/session")) for _ in texts]
    for name, row in (("HTTP, first", first), ("HTTP, again", again), ("plain request", plain)):
        print_row(name, row)


def send(client: http.client.HTTPConnection, text: str, limit: int) -> bytes:
    """Return the body of the answer to a search."""
    return read(client, "POST", "/api/v1/search", json.dumps({"text": text, "limit": limit}))


def read(client: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> bytes:
    """Return the body of a response.

    Raises:
        RuntimeError: The status is not 200.
    """
    client.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    response = client.getresponse()
    content = response.read()
    if response.status != http.client.OK:
        raise RuntimeError(f"{method} {path} returned {response.status}: {content[:300]!r}")
    return content


def main() -> None:
    """Print the figures of every home."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("homes", type=Path, nargs="+")
    parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    for number, home in enumerate(options.homes):
        # The models are shared, so a text of one home would be in a cache for the next.
        texts = list_texts()[number :: len(options.homes)]
        print(home.name)
        if options.profile:
            profile_engine(home, texts, options.limit)
        else:
            measure_engine(home, texts[::2], options.limit)
            measure_server(home, texts[1::2], options.limit)


if __name__ == "__main__":
    main()
