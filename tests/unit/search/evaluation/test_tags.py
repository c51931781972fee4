from dataclasses import replace

import pytest

from search.errors import UsageError
from search.evaluation.tags import compare_tags, describe_tags, read_labels, write_tags
from search.records import Item, ItemType, MachineTag, MediaFacts, State

NAMES = {"dog": "dog", "hund": "dog", "snow": "snow", "cat": "cat"}
ITEM = Item(1, "/a.jpg", "/", ItemType.IMAGE, State.INDEXED, None, 1, 1, MediaFacts())


def make(path, *tags):
    return replace(ITEM, path=path, machine_tags=tuple(MachineTag(tag, 0.9) for tag in tags))


def test_precision_and_recall_count_only_items_with_labels():
    items = [make("/a.jpg", "dog"), make("/b.jpg", "dog"), make("/c.jpg"), make("/d.jpg", "dog")]
    labels = {"/a.jpg": ["Hund"], "/b.jpg": ["cat", "unknown"], "/c.jpg": ["dog"]}
    report = compare_tags(items, labels, NAMES)
    assert report.items == 3
    dog = report.tags["dog"]
    assert (dog.precision, dog.recall) == (0.5, 0.5)
    assert report.tags["cat"].precision is None


def test_the_confusion_matrix_counts_the_tags_of_the_items_with_a_label():
    items = [make("/a.jpg", "dog", "snow"), make("/b.jpg", "dog"), make("/c.jpg")]
    report = compare_tags(items, {"/a.jpg": ["cat"], "/b.jpg": ["cat"], "/c.jpg": ["cat"]}, NAMES)
    assert report.confusion == {"cat": {"dog": 2, "snow": 1, "(none)": 1}}
    assert "| cat | 1 | 2 | 1 |" in write_tags(report)
    assert describe_tags(report)["tags"]["cat"]["recall"] == 0


def test_labels_are_read_with_paths_relative_to_their_file(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text('{"path": "a.jpg", "tags": ["dog"]}\n\n{"path": "/b.jpg", "tags": []}\n')
    assert read_labels(path) == {str(tmp_path / "a.jpg"): ["dog"], "/b.jpg": []}
    path.write_text('{"path": "a.jpg"}\n')
    with pytest.raises(UsageError, match="line 1"):
        read_labels(path)
