"""Precision, recall and confusion of the tags of the machine, compared with tags that people gave."""

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from search.errors import UsageError
from search.evaluation.report import write_table
from search.records import Item
from search.text.names import fold_name


class LabeledFile(BaseModel):
    """A line of a file with labels: a file, and all tags that are right for it."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1)
    tags: list[str]


@dataclass(frozen=True)
class TagFigures:
    """The figures of a tag.

    Attributes:
        right: Items that have the tag of the machine and the label.
        given: Items that have the tag of the machine.
        wanted: Items that have the label.
    """

    right: int
    given: int
    wanted: int

    @property
    def precision(self) -> float | None:
        """The share of the items with the tag that have the label; None without any."""
        return self.right / self.given if self.given else None

    @property
    def recall(self) -> float | None:
        """The share of the items with the label that have the tag; None without any."""
        return self.right / self.wanted if self.wanted else None


@dataclass(frozen=True)
class TagReport:
    """All figures.

    Attributes:
        items: The number of items with labels.
        tags: The figures by tag.
        confusion: By label, how many of its items have each tag of the machine.
    """

    items: int
    tags: Mapping[str, TagFigures]
    confusion: Mapping[str, Mapping[str, int]]


def read_labels(path: Path) -> dict[str, list[str]]:
    """Read labels by the absolute path of the file; paths in it are relative to its folder.

    Raises:
        UsageError: The file cannot be read, or a line is not valid.
    """
    labels = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read {path}: {error}") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                one = LabeledFile.model_validate_json(line)
            except ValidationError as error:
                raise UsageError(f"{path}, line {number}: {error.errors()[0]['msg']}") from error
            labels[os.path.normpath(path.absolute().parent / one.path)] = one.tags
    return labels


def compare_tags(items: Sequence[Item], labels: Mapping[str, Sequence[str]], names: Mapping[str, str]) -> TagReport:
    """Compare the tags of items with labels.

    Args:
        items: The items; those without labels are ignored.
        labels: All right tags by path.
        names: The name of a tag in the vocabulary by each of its names, folded as `fold_name` does.
    """
    right: Counter[str] = Counter()
    given: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    confusion: dict[str, Counter[str]] = {}
    judged = [item for item in items if item.path in labels]
    for item in judged:
        folded = {fold_name(label) for label in labels[item.path]}
        true = {name for label, name in names.items() if label in folded}
        found = {tag.name for tag in item.machine_tags}
        wanted.update(true)
        given.update(found)
        right.update(true & found)
        for label in true:
            confusion.setdefault(label, Counter()).update(found or {"(none)"})
    known = sorted(wanted)
    figures = {name: TagFigures(right[name], given[name], wanted[name]) for name in known}
    return TagReport(len(judged), figures, {label: dict(confusion[label]) for label in known})


def describe_tags(report: TagReport) -> dict[str, Any]:
    """Return the report as a JSON document."""
    tags = {
        name: {**vars(one), "precision": _round(one.precision), "recall": _round(one.recall)}
        for name, one in report.tags.items()
    }
    return {"items": report.items, "tags": tags, "confusion": json.loads(json.dumps(report.confusion))}


def write_tags(report: TagReport) -> str:
    """Return the report as Markdown."""
    rows = [
        (name, str(one.wanted), str(one.given), _write(one.precision), _write(one.recall))
        for name, one in report.tags.items()
    ]
    lines = ["# Tags of the machine", "", f"{report.items} items with labels.", ""]
    lines += write_table(("tag", "labeled", "given", "precision", "recall"), rows)
    columns = sorted({tag for row in report.confusion.values() for tag in row})
    lines += ["", "How many items with the label of a row have the tag of a column:", ""]
    lines += write_table(
        ("label", *columns),
        [(label, *(str(row.get(tag) or "") for tag in columns)) for label, row in report.confusion.items()],
    )
    return "\n".join(lines) + "\n"


def _round(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _write(share: float | None) -> str:
    return "" if share is None else f"{share:.3f}"
