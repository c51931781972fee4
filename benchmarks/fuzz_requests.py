"""Send random requests of all kinds to a running server, and report unexpected answers and its memory.

    python -m benchmarks.fuzz_requests --url http://127.0.0.1:8000 --pid PID [--requests 50000] [--key KEY]

The requests follow the OpenAPI document of the server, with values that often break something in place of the declared
ones: long, deep, huge, negative and empty values, control characters, lone surrogates, other types, unknown fields, and
bodies that are not what their header says. A status of 500, or no answer within the time limit, is a defect. The memory
is that of the process: at the start, after each tenth, and at the end.
"""

import argparse
import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

from benchmarks.memory import read_memory

TIMEOUT_SECONDS = 60.0
# Event streams end with their job.
LEFT_OUT = {"follow_job"}
TEXTS = (
    "a cat", "", " ", "\0", "ﬃ" * 300, "a" * 30_000, '"' * 50, "not " * 500, "in:/ type:image", 'phrase:"', "é" * 100,
    "\ud800", "../../etc/passwd", "%00", "' OR 1=1 --", "<script>", "NaN", "2024-13-45", "0000", "-1", "1e400",
    "(" * 200, "albumid:99999999999999999999", "after:2024 before:2023", "猫 と 犬", "\u202ex", "{" * 100,
)  # fmt: skip
NUMBERS: tuple[Any, ...] = (0, 1, 2, -1, 2**31, 2**63 - 1, 2**63, -(2**63), 10**400, 0.5, -0.0, 1e308, "1", True, None)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--key", default="")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    address = urlsplit(options.url)
    chance = random.Random(options.seed)
    headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=TIMEOUT_SECONDS)
    connection.request("GET", "/openapi.json")
    document = json.loads(connection.getresponse().read())
    routes = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation["operationId"] not in LEFT_OUT
    ]
    statuses: Counter[int] = Counter()
    slowest = (0.0, "")
    print(f"memory at the start: {read_memory(options.pid)} MiB")
    for number in range(options.requests):
        method, path, operation = chance.choice(routes)
        target, body, kind = make_request(chance, path, operation)
        began = time.perf_counter()
        status = send(connection, method, target, body, headers | kind)
        taken = time.perf_counter() - began
        statuses[status] += 1
        if taken > slowest[0]:
            slowest = (taken, f"{method} {target[:200]}")
        if status in {0, 500}:
            print(f"status {status}: {method} {target[:300]} {body[:300]!r}")
        if (number + 1) % (options.requests // 10) == 0:
            print(f"{number + 1} requests, {read_memory(options.pid)} MiB, slowest {slowest[0]:.2f} s: {slowest[1]!r}")
    print(dict(sorted(statuses.items())))


def make_request(chance: random.Random, path: str, operation: dict[str, Any]) -> tuple[str, bytes, dict[str, str]]:
    """Return a target, a body and headers for a route."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            value = str(chance.choice((*range(1, 40), *NUMBERS, *TEXTS)))[:3_000]
            path = path.replace(f"{{{parameter['name']}}}", quote(value.encode(errors="replace"), safe=""))
    fields = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
    chosen = [name for name in fields if chance.random() < 0.3] + (["unknown"] if chance.random() < 0.05 else [])
    pairs = [f"{name}={quote(str(make_value(chance, 0)).encode(errors='replace'))[:3_000]}" for name in chosen]
    target = f"{path}?{'&'.join(pairs)}" if pairs else path
    media = list(operation.get("requestBody", {}).get("content", {}))
    if not media:
        return target, b"", {}
    makers: tuple[Callable[[random.Random, dict[str, Any]], bytes], ...] = (make_json, make_json, make_json, make_noise)
    declared = operation["requestBody"]["content"].get("application/json", {})
    body = chance.choice(makers)(chance, declared)
    return target, body, {"Content-Type": chance.choice([*media, "application/json", "application/json", "text/plain"])}


def make_json(chance: random.Random, declared: dict[str, Any]) -> bytes:
    """Return a JSON body: an example with some values replaced, or any value."""
    examples = [one["value"] for one in declared.get("examples", {}).values()]
    if not examples or chance.random() < 0.2:
        document = make_value(chance, 0)
    else:
        document = dict(chance.choice(examples))
        for name in list(document):
            if chance.random() < 0.4:
                document[name] = make_value(chance, 0)
        if chance.random() < 0.2:
            document[chance.choice(("text", "like", "parts", "limit", "cursor", "x"))] = make_value(chance, 0)
    return json.dumps(document).encode()


def make_noise(chance: random.Random, _declared: dict[str, Any]) -> bytes:
    """Return bytes that are no valid body."""
    return chance.choice(
        (b"", b"{", b"[" * 5_000, b"\xff\xfe", b"--x\r\n\r\n", chance.randbytes(2_000), b'{"a":1' * 50)
    )


def make_value(chance: random.Random, depth: int) -> Any:
    """Return a value of any type."""
    kind = chance.random()
    if kind < 0.45:
        return chance.choice(TEXTS)
    if kind < 0.75 or depth > 3:
        return chance.choice(NUMBERS)
    if kind < 0.9:
        return [make_value(chance, depth + 1) for _ in range(chance.choice((0, 1, 2, 150)))]
    return {str(chance.choice(TEXTS))[:20]: make_value(chance, depth + 1) for _ in range(3)}


def send(connection: http.client.HTTPConnection, method: str, target: str, body: bytes, headers: dict[str, str]) -> int:
    """Return the status of a response; 0 if there was none."""
    try:
        connection.request(method, target, body or None, headers)
        response = connection.getresponse()
        response.read()
    except (http.client.HTTPException, OSError) as error:
        connection.close()
        # The server may close the connection after a refused body before all of it was sent.
        return -1 if isinstance(error, BrokenPipeError | ConnectionResetError) else 0
    return response.status


if __name__ == "__main__":
    main()
