"""The command line: its documents, its errors, its exit statuses."""

import json
import re
import subprocess
import sys

import pytest

HEAVY = {"numpy", "sqlalchemy", "flask", "onnxruntime", "faiss", "av", "PIL", "torch", "rich"}


def run(*arguments, home=None):
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "crossmodal",
        *(["--home", str(home)] if home else []),
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def home(library):
    return library.home.root


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from crossmodal.cli.main import cli\n"
        "cli.main(['--help'], standalone_mode=False)\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "search" in done.stdout


def test_search_prints_results_and_the_json_document(home):
    shown = run("search", "a cup of coffee", home=home)
    assert shown.returncode == 0
    assert "morning.jpg" in shown.stdout
    document = json.loads(run("search", "a cup of coffee", "--json", "--explain", home=home).stdout)
    assert document["hits"][0]["item"]["path"].endswith("morning.jpg")
    assert "raw" in document["hits"][0]["evidence"][0]


def test_search_corrects_typing_errors_unless_turned_off(home):
    shown = run("search", "a cup of cofee", home=home)
    message = 'Showing results for "a cup of coffee". To search instead for "a cup of cofee", pass --exact.'
    assert message in shown.stdout
    assert "morning.jpg" in shown.stdout
    assert "Showing" not in run("search", "a cup of cofee", "--exact", home=home).stdout


def test_search_prints_less_certain_results_below_the_relevant_ones(home):
    shown = run("search", "a cup of coffee", "--limit", "5", home=home).stdout.splitlines()
    results = [line for line in shown if line[:4].strip().isdigit()]
    assert [int(line[:4]) for line in results] == list(range(1, len(results) + 1))
    if "Less certain:" in shown:
        at = shown.index("Less certain:")
        assert all(float(line[6:10]) >= 0.5 for line in shown[:at] if line in results)
        assert all(float(line[6:10]) <= 0.5 for line in shown[at:] if line in results)


def test_search_for_nothing_relevant_prints_the_closest_and_ends_with_1(home):
    shown = run("search", "xqzzt blorfing vrunk", "--limit", "3", home=home)
    assert shown.returncode == 1
    lines = shown.stdout.splitlines()
    assert lines[0] == "Nothing relevant found. Closest matches:"
    assert len([line for line in lines if line[:4].strip().isdigit()]) == 3
    done = run("search", "xqzzt blorfing vrunk", "--json", home=home)
    assert done.returncode == 1
    assert json.loads(done.stdout)["hits"] == []


def test_images_voice_and_filters_are_options(home, demo):
    cat = json.loads(
        run("search", "--image", str(demo / "pets/chelsea.jpg"), "--type", "image", "--json", home=home).stdout
    )
    assert [hit["item"]["type"] for hit in cat["hits"]] == ["image"] * len(cat["hits"])
    answer = json.loads(run("search", "--voice", str(demo / "notes/train.wav"), "--json", home=home).stdout)
    assert "train" in answer["query"]["voice_text"]
    inside = json.loads(run("search", "cat", "--all", "--in", str(demo / "papers"), "--json", home=home).stdout)
    assert inside["hits"]
    assert all("/papers/" in hit["item"]["path"] for hit in inside["hits"])


def test_status_files_verify_and_models_report_the_library(home):
    status = json.loads(run("status", "--json", home=home).stdout)
    assert status["items"]["image"] == {"indexed": 12}
    assert status["spaces"]["visual"]["embeddings"] >= 15
    items = json.loads(run("files", "--state", "indexed", "--json", home=home).stdout)["items"]
    assert len(items) == 22
    assert {"path", "type", "state", "reason"} <= set(items[0])
    assert json.loads(run("verify", "--json", home=home).stdout) == {"consistent": True, "problems": []}
    assert {row["role"] for row in json.loads(run("models", "list", "--json", home=home).stdout)["models"]} == {
        "visual",
        "semantic",
        "speech",
    }
    for command in ("status", "files", "verify"):
        assert run(command, home=home).returncode == 0


def test_index_names_bad_files_and_exits_1(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m/empty.txt").touch()
    (tmp_path / "m/good.txt").write_text("good")
    done = run("index", str(tmp_path / "m"), "--json", home=tmp_path / "home")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert set(document) == {
        "scanned",
        "added",
        "updated",
        "renamed",
        "unchanged",
        "removed",
        "failed",
        "forgotten",
        "skipped",
        "postponed",
        "unavailable",
        "seconds",
        "failures",
    }
    assert (document["added"], document["failed"]) == (1, 1)
    assert f"{tmp_path}/m/empty.txt: the file is empty" in done.stderr
    again = run("index", str(tmp_path / "m"), home=tmp_path / "home")
    assert again.returncode == 1
    assert "1 unchanged" in again.stdout or "2 unchanged" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["search"], 2, "The query is empty"),
        (["search", "a", "--type", "song"], 2, "--type"),
        (["search", "a", "--after", "soon"], 2, "after must be a date"),
        (["search", "--image", "/nothing.jpg"], 2, "Cannot read /nothing.jpg"),
        (["search", "--image", __file__], 2, "unrecognized image format"),
        (["search", "--like", "99999"], 2, "no item 99999"),
        (["index", "/nothing"], 2, "/nothing does not exist"),
        (["serve", "--host", "0.0.0.0"], 3, "Refused to listen on 0.0.0.0"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_errors_are_one_line_and_a_status(home, arguments, status, message):
    done = run(*arguments, home=home)
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_or_read_only_home_is_refused(tmp_path):
    done = run("search", "a", home=tmp_path / "none")
    assert done.returncode == 3
    assert "crossmodal index" in done.stderr
    (tmp_path / "file").touch()
    assert run("index", str(tmp_path), home=tmp_path / "file" / "home").returncode == 3


def test_a_home_of_an_earlier_bundled_model_answers_and_reports_what_is_outdated(tmp_path):
    import sqlite3

    (tmp_path / "a.txt").write_text("the lighthouse keeper")
    home = tmp_path / "home"
    run("index", str(tmp_path / "a.txt"), home=home)
    with sqlite3.connect(home / "catalogue.db") as db:
        db.execute("UPDATE space SET fingerprint = 'earlier'")
    db.close()
    done = run("search", "lighthouse", home=home)
    assert (done.returncode, "a.txt" in done.stdout) == (0, True)
    assert "Not searched yet: visual, semantic" in done.stderr
    assert "semantic: 0 of 1 re-embedded" in run("status", home=home).stdout
    assert run("index", str(tmp_path / "a.txt"), home=home).returncode == 0
    assert json.loads(run("status", "--json", home=home).stdout)["outdated"] == {}
    assert "Not searched yet" not in run("search", "lighthouse", home=home).stderr


def test_a_home_of_changed_files_of_another_model_is_refused(tmp_path):
    import sqlite3

    (tmp_path / "a.txt").write_text("a")
    home = tmp_path / "home"
    run("index", str(tmp_path / "a.txt"), home=home)
    with sqlite3.connect(home / "catalogue.db") as db:
        db.execute(
            "UPDATE space SET fingerprint = 'other', model = 'local-dir:/gone' "
            "WHERE retriever = 'visual' AND role = 'active'"
        )
    db.close()
    done = run("search", "a", home=home)
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)


def test_forgetting_and_jobs_by_the_command_line(tmp_path):
    media = tmp_path / "m"
    (media / "sub").mkdir(parents=True)
    for name in ("a.txt", "sub/b.txt"):
        (media / name).write_text(f"the lighthouse of {name}")
    home = tmp_path / "home"
    run("index", str(media), home=home)
    unknown = run("forget", str(media / "nothing"), home=home)
    assert (unknown.returncode, "No item or source at" in unknown.stderr) == (2, True)
    assert run("forget", home=home).returncode == 2
    gone = run("forget", str(media / "sub"), "--json", home=home)
    assert json.loads(gone.stdout) == {"forgotten": 1}
    (media / "a.txt").unlink()
    run("index", str(media), home=home)
    assert json.loads(run("forget", "--missing-for", "0", "--json", home=home).stdout)["forgotten"] == 1
    assert json.loads(run("jobs", "--json", home=home).stdout) == {"jobs": []}
    assert run("jobs", "cancel", "7", home=home).returncode == 2
    assert run("worker", "--until-idle", home=home).returncode == 0
    assert (media / "sub/b.txt").exists()


def test_settings_shows_values_with_their_sources(tmp_path, monkeypatch):
    monkeypatch.setenv("CROSSMODAL_HOSTS", "a.example, b.example")
    monkeypatch.delenv("CROSSMODAL_THREADS", raising=False)
    monkeypatch.setenv("CROSSMODAL_DEVICE", "cuda")
    done = run("--device", "cpu", "settings", "--json", home=tmp_path / "new")
    rows = {row["name"]: row for row in json.loads(done.stdout)["settings"]}
    assert {"home", "threads", "hosts", "upload_limit", "file_limit", "device", "unload_after"} <= set(rows)
    assert rows["home"] == {
        "name": "home",
        "value": str(tmp_path / "new"),
        "source": "command line",
        "environment_variable": "CROSSMODAL_HOME",
        "description": "The data directory.",
    }
    assert (rows["device"]["value"], rows["device"]["source"]) == ("cpu", "command line")
    assert (rows["hosts"]["value"], rows["hosts"]["source"]) == (["a.example", "b.example"], "environment")
    assert rows["threads"]["source"] == "default"
    shown = run("settings", home=tmp_path / "new").stdout
    assert re.search(r"^hosts +a.example, b.example +CROSSMODAL_HOSTS$", shown, re.M)
    assert not (tmp_path / "new").exists()
