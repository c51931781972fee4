import pytest

from search.encoders.registry import ADAPTED, IMAGE_MODEL
from search.errors import UsageError
from search.records import MachineTag
from search.tagging.cuts import DEFAULT_CUT, MIN_PRECISION, choose_cuts, read_fitted, read_probes, to_logit
from search.tagging.description import choose_tags
from search.tagging.vocabulary import PACKAGED_FILE, TagGroup, find_vocabulary, read_vocabulary

ENTRIES = read_vocabulary(PACKAGED_FILE).entries


def write(tmp_path, *lines):
    path = tmp_path / "tags.tsv"
    path.write_text("\n".join(["name\tgroup\tquery\tcut\tbroader\tde", *lines]), encoding="utf-8")
    return path


def test_the_packaged_vocabulary_has_every_group_and_four_further_languages():
    assert 250 <= len(ENTRIES) <= 400
    assert {entry.group for entry in ENTRIES} == set(TagGroup)
    assert all(set(entry.names) == {"zh", "de", "es", "fr"} for entry in ENTRIES)


def test_the_general_tags_of_the_packaged_vocabulary_are_in_it():
    names = {entry.name for entry in ENTRIES}
    assert {word for entry in ENTRIES for word in entry.broader} <= names


def test_every_packaged_tag_was_measured_and_those_that_are_given_are_precise():
    fitted = read_fitted()
    assert {entry.query for entry in ENTRIES} == set(fitted)
    given = [one for one in fitted.values() if one.cut is not None]
    assert len(given) > 60
    assert all(one.precision >= MIN_PRECISION for one in given)


def test_the_kinds_of_pictures_that_are_given_have_a_probe():
    kinds = {entry.query for entry in ENTRIES if entry.group is TagGroup.KIND}
    given = {query for query in kinds if read_fitted()[query].cut is not None}
    assert set(read_probes()) == given
    assert {"a receipt", "a map"} <= given


def test_the_copy_of_the_user_takes_the_place_of_the_packaged_vocabulary(tmp_path):
    assert find_vocabulary(tmp_path / "tags.tsv") == PACKAGED_FILE
    path = write(tmp_path, "my boat\tobject\ta red boat\t0.8\tboat|vehicle\tmein Boot")
    (entry,) = read_vocabulary(find_vocabulary(path)).entries
    assert (entry.query, entry.cut, entry.broader, entry.names) == (
        "a red boat", 0.8, ("boat", "vehicle"), {"de": "mein Boot"},
    )  # fmt: skip


def test_a_changed_vocabulary_has_another_digest(tmp_path):
    one = read_vocabulary(write(tmp_path, "boat\tobject"))
    assert one.digest != read_vocabulary(write(tmp_path, "ship\tobject")).digest


def test_empty_lines_and_comments_are_ignored(tmp_path):
    assert [one.name for one in read_vocabulary(write(tmp_path, "", "# mine", "boat\tobject")).entries] == ["boat"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("\tobject\tx", "line 2: the name is missing"),
        ("boat\tthing", "the group must be one of"),
        ("boat\tobject\t\thigh", "the cut must be a number"),
        ("boat\tobject\t\t1.5", "between 0 and 1"),
        ("boat\tobject\t" + "x" * 300, "more than 200 characters"),
        ("boat\tobject\nboat\tscene", "line 3: the name 'boat' occurs twice"),
    ],
)
def test_a_line_that_is_not_valid_is_named(tmp_path, line, message):
    with pytest.raises(UsageError, match=message):
        read_vocabulary(write(tmp_path, line))


def test_a_file_that_is_no_table_is_refused(tmp_path):
    (tmp_path / "tags.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="Cannot read the vocabulary"):
        read_vocabulary(tmp_path / "tags.tsv")
    (tmp_path / "tags.tsv").write_text("dog\ncat\n")
    with pytest.raises(UsageError, match="a table with tabs"):
        read_vocabulary(tmp_path / "tags.tsv")


def test_cuts_hold_for_the_bundled_model_and_its_adapters_only():
    for model in (IMAGE_MODEL, f"{IMAGE_MODEL}{ADAPTED}1"):
        dog = next(one for one in choose_cuts(ENTRIES, model) if one.entry.name == "dog")
        assert dog.precision is not None
    other = next(one for one in choose_cuts(ENTRIES, "hub/other") if one.entry.name == "dog")
    assert (other.cut, other.precision, other.is_probed) == (to_logit(DEFAULT_CUT), None, False)


def test_a_tag_without_a_precise_cut_is_given_only_if_the_user_sets_its_cut(tmp_path):
    assert next(one for one in choose_cuts(ENTRIES, IMAGE_MODEL) if one.entry.name == "cozy").cut is None
    path = write(tmp_path, "cozy\tmood\ta cozy room\t0.9", "my boat\tobject\tour boat at the lake")
    cozy, boat = choose_cuts(read_vocabulary(path).entries, IMAGE_MODEL)
    assert cozy.cut == pytest.approx(to_logit(0.9))
    assert (boat.cut, boat.precision) == (to_logit(DEFAULT_CUT), None)


def test_a_description_names_the_best_tags_without_more_general_ones():
    tags = [
        MachineTag(name, score)
        for name, score in (("animal", 0.99), ("dog", 0.9), ("snow", 0.8), ("street", 0.7), ("wall", 0.6))
    ]
    names = choose_tags(tags, {"dog": ("pet", "animal")})
    assert names == ["dog", "snow", "street"]
