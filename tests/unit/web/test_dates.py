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


def test_the_date_of_a_folder_is_a_guess_for_its_whole_period(fresh, tmp_path):
    folders = {"2019/07 Italy": RED, "2019": RED.rotate(20), "unsorted": RED.rotate(40)}
    for folder, picture in folders.items():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        picture.save(tmp_path / folder / f"{folder[-5:].strip()}.jpg")
    index(fresh, tmp_path)
    client = make_client(fresh)

    def find(**query):
        return {get_name(hit): hit["date_guessed"] for hit in ask(client, stack=False, **query).json["hits"]}

    assert find(date="2019") == {"Italy.jpg": True, "2019.jpg": True}
    assert find(date="2019-07") == find(text="date:2019-07") == find(text="July 2019") == {"Italy.jpg": True}
    # Only some days of the month, or months of the year, are asked for.
    assert find(date="2019-07-01") == find(date="2019-01") == find(before="2019-07-20") == {}
    hits = ask(client, sort="newest", types=["image"], stack=False).json["hits"]
    assert [get_name(hit) for hit in hits] == ["Italy.jpg", "2019.jpg", "orted.jpg"]
    assert [hit["item"]["date_precision"] for hit in hits] == ["month", "year", None]


def test_a_renamed_folder_changes_the_guessed_date(fresh, tmp_path):
    (tmp_path / "in/2019-07").mkdir(parents=True)
    RED.save(tmp_path / "in/2019-07/a.jpg")
    index(fresh, tmp_path)
    client = make_client(fresh)
    assert ask(client, date="2019-07").json["total"] == 1
    (tmp_path / "in/2019-07").rename(tmp_path / "in/Summer 2018")
    index(fresh, tmp_path)
    assert ask(client, date="2019-07").json["total"] == 0
    [hit] = ask(client, text="summer 2018").json["hits"]
    assert (hit["item"]["captured_at"], hit["item"]["date_precision"]) == ("2018-06-01T00:00:00", "season")


def test_recognized_words_are_in_the_answer_and_can_be_switched_off(fresh, tmp_path):
    RED.save(tmp_path / "IMG-20190501-WA0001.jpg")
    index(fresh, tmp_path)
    client = make_client(fresh)
    answer = ask(client, text="photos from 2019").json
    assert answer["query"]["recognized"] == [
        {"kind": "type", "text": "photos", "start": 0, "end": 6, "filters": {"types": ["image"]}},
        {"kind": "date", "text": "from 2019", "start": 7, "end": 16, "filters": {"date": "2019"}},
    ]
    assert answer["total"] == 1
    rest = ask(client, text="photos from 2019", literal=["from 2019"]).json["query"]["recognized"]
    assert [one["text"] for one in rest] == ["photos from"]
    assert ask(client, text="photos from 2019", recognize=False).json["query"]["recognized"] == []
    facets = client.get("/api/v1/facets?q=photos+from+2018").json
    assert facets["types"] == []


def test_the_command_line_says_what_was_read_as_a_filter(fresh, tmp_path):
    RED.save(tmp_path / "IMG-20190501-WA0001.jpg")
    index(fresh, tmp_path)

    def search(*arguments):
        return CliRunner().invoke(cli, ["--home", str(fresh.home.root), "search", *arguments]).output

    assert 'Read as a filter: "in 2019" (date:2019)' in search("red in 2019")
    assert 'No item satisfies "in 2018". To search for these words instead, pass --literal.' in search("red in 2018")
    assert "Read as" not in search("red in 2018", "--literal")
