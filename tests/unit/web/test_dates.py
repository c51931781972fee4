"""Dates that are guessed from file names and modification times are marked and come last in their day."""

import os
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner
from PIL import Image

from crossmodal.cli.main import cli
from tests.support.formats import RED
from tests.support.indexing import index
from tests.support.web_client import ask, make_client

NOON_2019 = datetime(2019, 5, 1, 12, tzinfo=UTC).timestamp()


def get_name(hit):
    return Path(hit["item"]["path"]).name


def test_results_that_pass_a_date_filter_only_by_a_guessed_date_say_so(fresh, tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2019:05:01 10:20:30"
    RED.save(tmp_path / "known.jpg", exif=exif)
    RED.rotate(20).save(tmp_path / "IMG-20190501-WA0001.jpg")
    (tmp_path / "letter.txt").write_text("a letter")
    paths = list(tmp_path.glob("*.*"))
    for path in paths:
        os.utime(path, (NOON_2019, NOON_2019))
    index(fresh, *paths)
    client = make_client(fresh)

    def find(**query):
        return {get_name(hit): hit["date_guessed"] for hit in ask(client, stack=False, **query).json["hits"]}

    guessed = {"known.jpg": False, "IMG-20190501-WA0001.jpg": True, "letter.txt": True}
    assert find(after="2019-05-01", before="2019-05-02") == guessed
    assert find(text="after:2019-05") == guessed
    assert find(before="2019-05-01") == {}
    assert set(find(types=["image", "document"]).values()) == {False}
    hits = ask(client, sort="newest", types=["image", "document"], stack=False).json["hits"]
    # A file of which only the time of its modification is known comes after all that have a date.
    assert [get_name(hit) for hit in hits] == ["known.jpg", "IMG-20190501-WA0001.jpg", "letter.txt"]
    dates = {get_name(hit): hit["item"] for hit in hits}
    assert dates["IMG-20190501-WA0001.jpg"]["captured_at"] == "2019-05-01T00:00:00"
    assert dates["IMG-20190501-WA0001.jpg"]["is_date_guessed"]
    assert (dates["letter.txt"]["captured_at"], dates["letter.txt"]["modified_at"]) == (None, "2019-05-01T12:00:00Z")
    output = CliRunner().invoke(cli, ["--home", str(fresh.home.root), "search", "after:2019-05"]).output
    assert "date guessed: 2019-05-01 from its name or folder" in output
    assert "date guessed: 2019-05-01 when the file was modified" in output
    assert output.count("date guessed") == 2
