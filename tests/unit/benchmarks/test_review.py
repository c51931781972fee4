"""The benchmark of a person's searches: its library has what the queries want."""

from datetime import date

import pytest
from PIL import Image

from benchmarks.review import films, library, photos, query_media, sounds
from benchmarks.review.library import Builder, Sources, find_date
from benchmarks.review.outcome import Place, judge
from benchmarks.review.rules import NEEDED, PERHAPS, RIGHT, SETS, Query, Rule, read_queries
from benchmarks.review.sources import read_data
from benchmarks.review.spans import resolve_span

TUESDAY = date(2026, 12, 1)
CAPTIONS = {
    "beach": "a child at the beach",
    "pool": "a child in a pool",
    "any": "something",
    "dog+snow": "a dog in snow",
}


def make_image(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), "gray").save(path)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Photos, each with a caption, photos named by their class, and transcripts."""
    root = tmp_path_factory.mktemp("sources")
    events, media = read_data("events.toml")["event"], read_data("media.toml")
    lines, names = [], []
    for concept in {"any": 0} | {name: 0 for part in [*events, *media["film"]] for name in part.get("shows", ())}:
        for number in range(150 if concept == "any" else 40):
            name = f"{concept}{number}.png"
            make_image(root / "flickr/images" / name)
            names += [name, name]
            lines += [f"{name}\t{CAPTIONS.get(concept, concept)}"] * 5
    (root / "flickr/captions.tsv").write_text("\n".join(lines))
    (root / "flickr/dev.txt").write_text("\n".join(names))
    for name in [name for event in events for name in event.get("classes", ())]:
        make_image(root / f"photos/n00000001_{name}.jpg")
    prompts = [prompt for part in [*media["recording"], *media["film"]] for prompt in part.get("prompts", ())]
    (root / "speech").mkdir()
    (root / "speech/transcripts.tsv").write_text("\n".join(f"{name}.wav\t1\t{name}" for name in prompts))
    return Sources(root / "photos", root / "flickr", root / "speech")


@pytest.fixture(scope="module")
def manifest(sources, tmp_path_factory):
    """A library without drawn texts, speech and moving pictures."""
    with pytest.MonkeyPatch.context() as patch:
        picture = Image.new("RGB", (8, 8))
        for module in (library, query_media):
            patch.setattr(module, "Fonts", lambda folder: None)
        for module, name in (
            (library.drawing, "draw_sign"),
            (library.drawing, "draw_paper"),
            (library, "draw_screen"),
            (query_media, "draw_paper"),
        ):
            patch.setattr(module, name, lambda *args, **options: picture)
        patch.setattr(photos, "SIDE", 80)
        patch.setattr(sounds, "read_samples", lambda path: None)
        patch.setattr(sounds, "join", lambda parts: None)
        patch.setattr(sounds, "speak", lambda text, voice: None)
        patch.setattr(sounds, "write_sound", lambda target, samples: target.touch())
        patch.setattr(films, "write_film", lambda target, film, fonts: target.touch())
        root = tmp_path_factory.mktemp("library")
        built = Builder(root, sources, TUESDAY).build()
        assert all((root / "media" / entry.path).is_file() for entry in built)
        assert all(query_media.find_media(root, query).is_file() for query in read_queries() if not query.text)
        return built


def test_the_library_is_about_as_large_as_a_persons(manifest):
    assert 290 <= len(manifest.entries) <= 330
    assert len({entry.path for entry in manifest}) == len(manifest.entries)


@pytest.mark.parametrize("query", read_queries(), ids=lambda query: query.title)
def test_the_library_has_what_a_query_wants(query, manifest):
    right = list(query.judge(manifest).values()).count(RIGHT)
    assert right >= NEEDED[query.answers]
    assert right == 0 or query.answers != "none"


def test_every_key_of_a_query_is_that_of_a_file(manifest):
    keys = {entry.key for entry in manifest}
    for query in (query for name in SETS for query in read_queries(name)):
        named = {key for rule in [*query.wanted, *query.acceptable] for key in rule.keys}
        assert named <= keys


def test_there_are_as_many_queries_as_in_the_review():
    queries = read_queries()
    counts = [len([query for query in queries if getattr(query, name)]) for name in ("text", "picture", "spoken")]
    assert counts == [52, 5, 3]
    assert {query.language for query in queries if query.text} == {"en", "de", "es", "fr", "zh"}


def test_a_copy_of_a_right_photo_without_its_place_is_not_wrong(manifest):
    grades = Query("place", "many", [Rule(place="Venice")]).judge(manifest)
    assert PERHAPS in [grades.get(entry.path) for entry in manifest if entry.path.startswith("WhatsApp Images/Sent/")]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2019", "2019-01-01", "2019-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2025-06/2025-08", "2025-06-01", "2025-08-31"),
        ("last-weekend", "2026-11-28", "2026-11-29"),
        ("last-month", "2026-11-01", "2026-11-30"),
        ("last-winter", "2025-12-01", "2026-02-28"),
    ],
)
def test_spans_of_days(text, first, last):
    assert resolve_span(text, TUESDAY) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("Screenshot 2025-03-19 at 10.22.41.png", "2025-03-19"),
        ("IMG-20220709-WA0051.jpg", "2022-07-09"),
        ("Scan_0012.jpg", None),
    ],
)
def test_dates_in_names(name, day):
    assert find_date(name) == day


GRADES = {"a": RIGHT, "b": RIGHT, "c": RIGHT, "near": PERHAPS}


@pytest.mark.parametrize(
    ("answers", "relevant", "nearest", "place"),
    [
        ("one", ["x", "a"], [], Place.FIRST_FIVE),
        ("few", ["x", "a"], ["b"], Place.SECOND_TIER),
        ("many", ["a", "b", "x", "y", "z", "c"], [], Place.FURTHER_DOWN),
        ("many", ["a", "b"], ["x"], Place.NOT_FOUND),
        ("none", [], ["x"], Place.FIRST_FIVE),
        ("none", ["x"], [], Place.NOT_FOUND),
    ],
)
def test_where_the_right_files_are(answers, relevant, nearest, place):
    grades = {} if answers == "none" else GRADES
    outcome = judge(Query("any", answers), grades, [[path] for path in relevant], [[path] for path in nearest])
    assert outcome.place == place


def test_wrong_results_are_those_that_are_neither_right_nor_perhaps():
    outcome = judge(Query("any", "many"), GRADES, [["near"], ["x"], ["y", "a"]], [["z"]])
    assert (outcome.right, outcome.wrong, outcome.first_right) == (1, 1, 3)
