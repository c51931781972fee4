"""The comparison with other programs: results, tables, and the document that is written from them."""

import re
import signal
import subprocess
import sys
import time
import tomllib

import pytest
from PIL import Image

from benchmarks.peers import document, leads, product_tables, store_tables
from benchmarks.peers.document import BLOCK, DOCUMENT, FEATURES, insert_parts, make_document, make_feature_table
from benchmarks.peers.environments import FOLDER
from benchmarks.peers.folders import AWKWARD, add_awkward_files, describe
from benchmarks.peers.process import kill_session, list_session, read_memory, run
from benchmarks.peers.product_tables import count_shared
from benchmarks.peers.products import PRODUCTS, judge_file, summarize_queries
from benchmarks.peers.results import read_results, write_result
from benchmarks.peers.store_runs import STORES

FILES = dict.fromkeys(AWKWARD, "reported")


def make_product(name, **indexing):
    figures = {"images_per_second": 10.0, "first_seconds": 20.0, "again_seconds": 1.0, "add_seconds": 2.0}
    figures |= {"peak_mb": 500, "disk_mb": 1.5, "ready_seconds": 3.0, "query_median_ms": 20.0, "query_p95_ms": 30.0}
    return {
        "name": name,
        "indexing": figures | {"found": [["a", "b"]]} | indexing,
        "awkward": {"files": FILES, "good_indexed": 20, "status": 0, "peak_mb": 500},
        "photos": {"count": 200, "megabytes": 5.0, "width": 400, "height": 300},
        "versions": {"torch": "1.0"},
        "date": "2026-01-01",
        "speed_before": 100.0,
        "speed_after": 90.0,
    }


def make_store(name, **more):
    part = {"median_ms": 1.0, "p95_ms": 2.0, "recall": 0.99}
    figures = {"all": part, "ten_percent": part, "one_percent": part, "build_seconds": 2.0, "memory_mb": 30}
    figures |= {"disk_mb": 40, "deletion": {"seconds": 0.05, "still_returned": 0}} | more
    return {"name": name, "sizes": {"1000": figures}}


def test_a_result_is_read_as_it_was_written(tmp_path):
    write_result("stores", {"name": "b", "sizes": {}}, tmp_path)
    write_result("stores", {"name": "a", "sizes": {"10": {"error": "é"}}}, tmp_path)
    write_result("products", {"name": "a"}, tmp_path)
    assert read_results("stores", tmp_path) == {
        "a": {"name": "a", "sizes": {"10": {"error": "é"}}},
        "b": {"name": "b", "sizes": {}},
    }


def test_the_document_is_that_of_the_results():
    assert make_document() == DOCUMENT.read_text(encoding="utf-8"), "run `python -m benchmarks.peers document`"


def test_every_mark_of_the_document_has_an_end():
    text = DOCUMENT.read_text(encoding="utf-8")
    begun = re.findall(r"<!-- (\w+): written by benchmarks/peers -->", text)
    assert begun == [match[1] for match in BLOCK.findall(text)]
    assert len(begun) == text.count("<!-- end of ")


def test_parts_replace_what_is_between_their_marks():
    text = "a\n<!-- x: written by benchmarks/peers -->\nold\n<!-- end of x -->\nb\n"
    written = insert_parts(text, {"x": "new\n"})
    assert written == text.replace("old", "new")
    assert insert_parts(written, {"x": "new\n"}) == written
    with pytest.raises(KeyError):
        insert_parts(text, {"y": "new\n"})


def test_results_are_of_known_programs_and_stores():
    assert set(read_results("products")) <= set(PRODUCTS) == set(product_tables.NAMES)
    assert set(read_results("stores")) <= set(STORES) == set(store_tables.NAMES)


def test_a_file_is_silent_if_nothing_names_it():
    assert judge_file("a.jpg", ["a.jpg"], "added a.jpg", "") == "indexed"
    assert judge_file("a.jpg", ["a.jpg"], "", "a.jpg is truncated") == "indexed, reported"
    assert judge_file("a.jpg", ["b.jpg"], "skipping /x/a.jpg: no image", "") == "reported"
    assert judge_file("a.jpg", ["b.jpg"], "", "a.jpg is empty") == "reported"
    assert judge_file("a.jpg", ["b.jpg"], "2 files", "") == "silent"


def test_queries_are_summarized_by_median_and_95th_percentile():
    queries = {"milliseconds": [5.0, 1.0, 2.0, 100.0, 3.0], "ready_seconds": 2.345, "found": [["/x/a.jpg"], []]}
    summary = summarize_queries(queries)
    assert summary["query_median_ms"] == 3.0
    assert summary["query_p95_ms"] == 5.0
    assert summary["found"] == [["a.jpg"], []]


def test_shared_results_are_counted_per_query():
    assert count_shared([["a", "b"], ["c"]], [["b", "d"], ["c"]]) == 1.0
    assert count_shared([], [["a"]]) is None


def test_a_program_that_stopped_has_no_figures_in_the_table():
    results = {
        "plain": make_product("plain"),
        "rclip": make_product("rclip") | {"indexing": {"error": "x", "status": 1}},
    }
    table = product_tables.make_indexing_table(results)
    assert "| rclip | stopped with status 1 |" in table
    assert "| open_clip and FAISS, plain script | 20.0 | 1.0 | 2.0 | 10.0 | 500 | 1.5 |" in table
    assert "| rclip | not measured |" in product_tables.make_query_table(results)


def test_a_program_of_which_a_part_was_not_measured_is_left_out_of_its_table():
    results = {"plain": make_product("plain"), "rclip": {"name": "rclip", "awkward": make_product("rclip")["awkward"]}}
    assert "rclip" not in product_tables.make_indexing_table(results)
    assert "| rclip | reported |" in product_tables.make_awkward_table(results)
    assert product_tables.make_kill_table(results).count("\n") == 2


def test_a_store_that_did_not_finish_says_so():
    unfinished = {"name": "qdrant", "sizes": {"1000": {"error": "not finished in time", "seconds": 230.0}}}
    stores = {"crossmodal": make_store("crossmodal"), "qdrant": unfinished}
    stores["faiss-hnsw"] = make_store("faiss-hnsw", deletion={"error": "no"})
    assert "| Qdrant, local mode | not finished in 230 s |" in store_tables.make_query_table(stores, 1000)
    table = store_tables.make_storage_table(stores, 1000)
    assert "| FAISS, HNSW | 2.0 | 30 | 40 | cannot delete |  |" in table
    assert "| Crossmodal | 2.0 | 30 | 40 | 50 | 0 |" in table


def test_others_that_are_ahead_are_listed_with_both_figures():
    results = {
        "crossmodal-float32": make_product("crossmodal-float32"),
        "crossmodal-fastest": make_product("crossmodal-fastest", images_per_second=99.0),
        "rclip": make_product("rclip", images_per_second=15.0, peak_mb=480),
        "txtai": make_product("txtai", images_per_second=10.5, query_median_ms=40.0),
    }
    assert leads.list_product_leads(results) == [
        "- First run: rclip 15.0 photos per second; Crossmodal 10.0 photos per second."
    ]


def test_what_has_no_result_is_listed():
    lines = document.list_missing({"plain": make_product("plain")}, {"usearch": {"sizes": {"10000": {}}}})
    assert "- open_clip and FAISS, plain script: kill (`products --only plain`)." in lines
    assert "- rclip: indexing, awkward, kill (`products --only rclip`)." in lines
    assert "- usearch: 100,000 vectors (`stores --only usearch`)." in lines
    everything = {name: make_product(name) | {"kill": {}} for name in product_tables.NAMES}
    stores = {name: {"sizes": {"10000": {}, "100000": {}}} for name in store_tables.NAMES}
    assert document.list_missing(everything, stores) == ["- Nothing."]


def test_a_higher_recall_is_ahead():
    better = {"median_ms": 0.5, "p95_ms": 2.0, "recall": 1.0}
    stores = {"crossmodal": make_store("crossmodal"), "usearch": make_store("usearch", all=better)}
    assert leads.list_store_leads(stores, 1000) == [
        "- Query, median: usearch 0.50 ms; Crossmodal 1.00 ms.",
        "- Recall: usearch 1.000; Crossmodal 0.990.",
    ]
    assert leads.list_store_leads(stores, 5) == [leads.NOT_MEASURED]


def test_features_name_only_programs_of_the_table():
    features = tomllib.loads(FEATURES.read_text(encoding="utf-8"))
    names = {program["name"] for program in features["program"]}
    assert all(set(feature["has"]) <= names for feature in features["feature"])
    table = make_feature_table(
        {"program": [{"name": "A"}, {"name": "B"}], "feature": [{"name": "x", "has": {"B": "yes"}}]}
    )
    assert table.splitlines()[-1] == "| x |  | yes |"


def test_requirements_of_peers_are_pinned():
    for file in (FOLDER / "requirements").glob("*.txt"):
        for line in file.read_text(encoding="utf-8").splitlines():
            assert line.startswith("#") or "==" in line or line == "setuptools<80", f"{file.name}: {line}"


def test_awkward_files_are_what_their_names_say(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.peers.folders.BOMB_SIDE", 50)
    example = tmp_path / "a.jpg"
    Image.new("RGB", (64, 48), "red").save(example)
    add_awkward_files(tmp_path, example)
    assert {path.name for path in tmp_path.iterdir()} == {"a.jpg", *AWKWARD}
    with Image.open(tmp_path / "broken_png_named.jpg") as renamed:
        assert renamed.format == "PNG"
    assert (tmp_path / "broken_truncated.jpg").stat().st_size == example.stat().st_size // 2
    assert describe([example]) == {"count": 1, "megabytes": 0.0, "width": 64, "height": 48}


def test_a_command_is_measured_with_its_output_and_status(tmp_path):
    outcome = run([sys.executable, "-c", "print('é'); raise SystemExit(3)"], tmp_path / "log", 60)
    assert (outcome.status, outcome.output) == (3, "é\n")


def test_a_kill_ends_the_processes_that_a_command_started():
    child = "import subprocess; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True); p.wait()"
    with subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE, start_new_session=True) as process:
        started = int(process.stdout.readline())
        assert set(list_session(process.pid)) == {process.pid, started}
        kill_session(process.pid)
        process.wait()
    assert process.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 30
    while read_memory(started) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert read_memory(started) == 0.0


def test_the_photos_and_the_machine_are_described_once():
    results = {name: make_product(name) for name in ("plain", "rclip")}
    assert document.describe_photos(results) == "Indexed: 200 photos, 5.0 MB, median 400 x 300 pixels.\n"
