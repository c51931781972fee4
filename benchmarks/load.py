"""Measure searches by many clients at the same time, next to an index job.

    python -m benchmarks.load --pictures FOLDER --speech FOLDER [--clients 32] [--seconds 300] [--index FOLDER]
                              [--home HOME] [--only text]

A library of the pictures is indexed, unless a home is given, and a server is started with its worker. If a folder is
given to index, the worker indexes it during the measurement. Clients search one after the other without a pause: of
ten, seven by text, two by a picture and one by voice, or all by one kind. Hardly any text is searched for twice.

The table has for each kind the answers by status, the median and the 95th percentile of the time of answered ones in
seconds, then the longest time of /healthz. The memory of the server is its highest while one client sends a few
searches of each kind, once the models are loaded, then the highest under load, and after it.
"""

import argparse
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.memory import read_memory

PORT = 8765
TIMEOUT_SECONDS = 120.0
KINDS = ("text",) * 7 + ("picture",) * 2 + ("voice",)
# 166,320 texts of three words.
WORDS = (
    "dog", "beach", "snow", "child", "red", "boat", "street", "night", "music", "train", "people", "mountain", "water",
    "green", "old", "man", "woman", "running", "jumping", "ball", "garden", "house", "window", "bird", "horse", "car",
    "city", "blue", "bicycle", "bridge", "smiling", "crowd", "rain", "sunset", "table", "bread", "camera", "festival",
    "guitar", "climbing", "yellow", "forest", "river", "football", "stage", "fire", "swimming", "cat", "shop", "tower",
    "field", "hat", "sitting", "jacket", "wall", "rock",
)  # fmt: skip


@dataclass
class Results:
    """What the clients have seen. Thread-safe.

    Attributes:
        statuses: The number of answers by kind and status; 0 for no answer.
        times: The seconds of each answer with status 200, by kind.
        health: The seconds of each answer of /healthz.
        health_failures: How often /healthz did not answer.
    """

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    health: list[float] = field(default_factory=list)
    health_failures: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Clients:
    """Who searches, and for what.

    Attributes:
        count: The number of clients.
        seconds: How long they search.
        kinds: The kinds of their searches; one that is there twice is as likely again.
        pictures: What to search for by picture.
        speech: What to search for by voice.
    """

    count: int
    seconds: float
    kinds: tuple[str, ...]
    pictures: list[Path]
    speech: list[Path]

    def search(self, chance: random.Random, kind: str) -> tuple[int, float]:
        """Return the status of a search, and after how many seconds to try again."""
        if kind == "text":
            text = " ".join(chance.sample(WORDS, 3))
            return ask("POST", "/api/v1/search", json.dumps({"text": text}).encode(), "application/json")
        path = chance.choice(self.pictures if kind == "picture" else self.speech)
        name = "image" if kind == "picture" else "voice"
        head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\n\r\n'.encode()
        body = head + path.read_bytes() + b"\r\n--b--\r\n"
        return ask("POST", "/api/v1/search", body, "multipart/form-data; boundary=b")


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--only", choices=sorted(set(KINDS)))
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=300.0)
    options = parser.parse_args()
    pictures = sorted(options.pictures.rglob("*.jpg"))[:200]
    speech = [path for path in sorted(options.speech.rglob("*.wav")) if path.stat().st_size < 400_000][:50]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "crossmodal", "--home", str(options.home or Path(folder, "home"))]
        if options.home is None:
            subprocess.run([*command, "index", *map(str, pictures[:100])], check=True, stdout=subprocess.DEVNULL)
        environment = os.environ | ({"CROSSMODAL_ALLOWED_ROOTS": str(options.index.resolve())} if options.index else {})
        server = subprocess.Popen([*command, "serve", "--port", str(PORT)], stdout=subprocess.DEVNULL, env=environment)
        try:
            wait_until_ready()
            if options.index is not None:
                body = json.dumps({"path": str(options.index.resolve())}).encode()
                if ask("POST", "/api/v1/sources", body, "application/json")[0] != 202:
                    raise SystemExit(f"{options.index} could not be added")
            kinds = (options.only,) if options.only else KINDS
            measure(Clients(options.clients, options.seconds, kinds, pictures, speech), server.pid)
        finally:
            server.terminate()
            server.wait()


def wait_until_ready() -> None:
    """Wait until the server answers a search."""
    for _ in range(300):
        try:
            if ask("GET", "/api/v1/search?q=a+dog", b"", "")[0] == 200:
                return
        except OSError:
            time.sleep(1)
    raise SystemExit("the server did not start")


class MemoryWatch(threading.Thread):
    """Follows the memory of a process until it is stopped.

    Attributes:
        highest: The highest so far, in MiB.
    """

    def __init__(self, pid: int) -> None:
        """Prepare to watch a process."""
        super().__init__(daemon=True)
        self.highest = 0
        self._pid, self._stopped = pid, threading.Event()

    def run(self) -> None:
        """Read the memory until the thread is stopped."""
        while not self._stopped.wait(0.2):
            self.highest = max(self.highest, read_memory(self._pid))

    def stop(self) -> int:
        """End the thread and return the highest memory in MiB."""
        self._stopped.set()
        self.join()
        return self.highest


def search_alone(clients: Clients, pid: int) -> int:
    """Return the highest memory of the server in MiB while one client searches, once every model is loaded."""
    watch = MemoryWatch(pid)
    for seed in (0, 1):  # other recordings, since a known one is not transcribed again
        if seed:
            watch.start()
        chance = random.Random(seed)
        for kind in (*dict.fromkeys(clients.kinds), *clients.kinds):
            clients.search(chance, kind)
    return watch.stop()


def measure(clients: Clients, pid: int) -> None:
    """Run the clients and print the table."""
    alone, after_one = search_alone(clients, pid), read_memory(pid)
    results, end = Results(), time.monotonic() + clients.seconds
    threads = [
        threading.Thread(target=run_client, args=(number, end, clients, results)) for number in range(clients.count)
    ]
    watch = MemoryWatch(pid)
    for thread in (watch, threading.Thread(target=watch_health, args=(end, results)), *threads):
        thread.start()
    for thread in threads:
        thread.join()
    highest = watch.stop()
    for kind in dict.fromkeys(clients.kinds):
        times = sorted(results.times[kind]) or [0.0]
        p95 = times[min(len(times) - 1, int(0.95 * len(times)))]
        rate = results.statuses[kind][200] / clients.seconds
        statuses = dict(results.statuses[kind])
        print(f"{kind:8} {statuses}  {rate:.1f}/s  p50 {statistics.median(times):.2f} s  p95 {p95:.2f} s")
    longest = max(results.health, default=0.0)
    print(f"/healthz: longest {longest:.3f} s of {len(results.health)}, {results.health_failures} failed")
    print(f"items indexed at the end: {count_items()}")
    print(f"memory of the server in MiB, one client: {alone} at most, {after_one} after")
    print(f"memory of the server in MiB, {clients.count} clients: {highest} at most, {read_memory(pid)} after")


def count_items() -> int:
    """Return how many items are indexed, which shows that an index job ran."""
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/v1/status", timeout=TIMEOUT_SECONDS) as response:
        items: dict[str, dict[str, int]] = json.load(response)["items"]
    return sum(states.get("indexed", 0) for states in items.values())


def run_client(number: int, end: float, clients: Clients, results: Results) -> None:
    """Search until the end."""
    chance = random.Random(number)
    while time.monotonic() < end:
        kind = chance.choice(clients.kinds)
        began = time.perf_counter()
        try:
            status, retry_after = clients.search(chance, kind)
        except OSError:
            status, retry_after = 0, 1.0
        taken = time.perf_counter() - began
        with results.lock:
            results.statuses[kind][status] += 1
            if status == 200:
                results.times[kind].append(taken)
        if status != 200:
            time.sleep(min(retry_after, 5.0))


def watch_health(end: float, results: Results) -> None:
    """Ask /healthz until the end."""
    while time.monotonic() < end:
        began = time.perf_counter()
        try:
            ask("GET", "/healthz", b"", "")
            results.health.append(time.perf_counter() - began)
        except OSError:
            results.health_failures += 1
        time.sleep(0.25)


def ask(method: str, path: str, body: bytes, kind: str) -> tuple[int, float]:
    """Return the status of a response over a new connection, and its Retry-After in seconds."""
    client = http.client.HTTPConnection("127.0.0.1", PORT, timeout=TIMEOUT_SECONDS)
    try:
        client.request(method, path, body or None, {"Content-Type": kind} if body else {})
        response = client.getresponse()
        response.read()
        return response.status, float(response.headers.get("Retry-After") or 1)
    finally:
        client.close()


if __name__ == "__main__":
    main()
