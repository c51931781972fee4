"""Measure the page: its weight, painting the first results on a slow phone, and scrolling through ten thousand.

    python benchmarks/page.py --home DIR [--query TEXT] [--slow 6]

Uses a real server over DIR and a real Chromium (CHROMIUM, or `chromium` on the path). The emulated phone has 390 x 800
pixels, a processor slowed down by `--slow`, and a network of 1.6 Mbit/s with a latency of 150 ms. First paint is the
time from the end of the answer to the frame after the first result is in the document, the median of seven. Scrolling
is 240 frames through a simulated answer of 10,000 results, at full speed. The weight is that of the document, its style
sheets and its scripts, as sent to a browser whose cache is empty.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

ROUNDS = 7
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}
WATCH = """
window.marks = {};
const real = window.fetch;
window.fetch = async (...all) => {
  const response = await real(...all);
  if (!String(all[0]).endsWith('/api/v1/search')) return response;
  const text = await response.text();
  window.marks.answered = performance.now();
  return new Response(text, response);
};
addEventListener('DOMContentLoaded', () => new MutationObserver((_, watcher) => {
  if (!window.marks.answered || !document.querySelector('#hits .hit')) return;
  watcher.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => { window.marks.painted = performance.now(); }));
}).observe(document.getElementById('hits'), { childList: true }));
"""
# Replaces every answer with 10,000 results that show the first IDS items.
FAKE_ANSWER = """
window.asked = 0;
const real = window.fetch;
window.fetch = async (address, options) => {
  if (!String(address).endsWith('/api/v1/search')) return real(address, options);
  const request = JSON.parse(options.body);
  const from = Number(request.cursor ?? 0);
  const to = Math.min(from + request.limit, 10000);
  window.asked += 1;
  const hits = [];
  for (let rank = from; rank < to; rank += 1) {
    const width = 300 + (rank * 37) % 300;
    const item = { id: 1 + rank % IDS, type: 'image', path: `/x/${rank}.jpg`, width, height: 300 };
    hits.push({ rank, score: 0.9, relevant: true, stacked: [], evidence: [], item });
  }
  const query = { only_english: [] };
  const coverage = { indexed: 10000, pending: 0, failed: 0 };
  const answer = { query, took_ms: 1, nothing_relevant: false, coverage,
    total: 10000, next: to < 10000 ? String(to) : null, hits };
  return new Response(JSON.stringify(answer), { headers: { 'Content-Type': 'application/json' } });
};
"""
SCROLL = """() => new Promise((resolve) => {
  const times = [];
  let at = document.documentElement.scrollHeight;
  const step = (now) => {
    times.push(now);
    at -= 60;
    scrollTo(0, at);
    if (times.length < 240) requestAnimationFrame(step); else resolve(times);
  };
  requestAnimationFrame(step);
})"""


@contextmanager
def run_server(home: Path) -> Iterator[str]:
    """Run a server for a home at a free port and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "crossmodal", "--home", str(home), "serve", "--no-worker", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{address}/healthz", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def measure_weight(browser: Any, address: str) -> tuple[float, int]:
    """Return the kilobytes of the search page without its data, with response headers, and the number of its files."""
    context = browser.new_context(**PHONE)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    files: set[str] = set()
    sizes: dict[str, int] = {}

    def note_request(event: dict[str, Any]) -> None:
        if "/api/" not in event["response"]["url"] and event["response"]["url"].startswith(address):
            files.add(event["requestId"])

    def note_end(event: dict[str, Any]) -> None:
        sizes[event["requestId"]] = event["encodedDataLength"]

    session.on("Network.responseReceived", note_request)
    session.on("Network.loadingFinished", note_end)
    page.goto(address)
    page.wait_for_selector("#hits .hit")
    page.wait_for_load_state("networkidle")
    context.close()
    return sum(sizes[one] for one in files) / 1000, len(files)


def measure_paint(browser: Any, address: str, query: str, slow: float) -> float:
    """Return the median milliseconds from the answer to the first results on the screen of a slow phone."""
    taken = []
    for _ in range(ROUNDS):
        context = browser.new_context(**PHONE)
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", NETWORK)
        session.send("Emulation.setCPUThrottlingRate", {"rate": slow})
        page.add_init_script(WATCH)
        page.goto(f"{address}/?q={query.replace(' ', '+')}")
        _wait(page)
        marks = page.evaluate("window.marks")
        taken.append(marks["painted"] - marks["answered"])
        context.close()
    return statistics.median(taken)


def _wait(page: Any) -> None:
    while not page.evaluate("window.marks.painted ?? 0"):
        page.wait_for_timeout(50)


def measure_scrolling(browser: Any, address: str, ids: int) -> tuple[float, float, float]:
    """Return the median and the 95th percentile of milliseconds per frame, and MiB of JavaScript memory."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.add_init_script(FAKE_ANSWER.replace("IDS", str(ids)))
    page.goto(f"{address}/?q=anything")
    page.wait_for_selector("#hits .hit")
    while page.evaluate("document.querySelector('#hits .hit:last-child').getAttribute('aria-setsize')") != "10000":
        page.evaluate("scrollBy(0, 20000)")
        page.wait_for_timeout(30)
    gaps = sorted(later - earlier for earlier, later in pairwise(page.evaluate(SCROLL)))
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"] / 2**20
    context.close()
    return gaps[len(gaps) // 2], gaps[len(gaps) * 19 // 20], heap


def main() -> None:
    """Print the figures."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--query", default="a dog")
    parser.add_argument("--slow", type=float, default=6.0)
    options = parser.parse_args()
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with run_server(options.home) as address, sync_playwright() as running:
        browser = running.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        weight, count = measure_weight(browser, address)
        print(f"the search page without its data: {weight:.0f} kB in {count} files, compressed")
        paint = measure_paint(browser, address, options.query, options.slow)
        print(f"first results painted {paint:.0f} ms after the answer, processor {options.slow:g} times slower")
        middle, slow, heap = measure_scrolling(browser, address, 20)
        print(f"10,000 results: a frame takes {middle:.1f} ms, 95 % within {slow:.1f} ms; {heap:.1f} MiB of JavaScript")
        browser.close()


if __name__ == "__main__":
    main()
