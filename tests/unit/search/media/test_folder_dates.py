"""Dates are guessed from the names of folders, with their precision."""

from pathlib import PurePath

import pytest

from search.media.folder_dates import guess_from_names


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("2019/07 Italy/DSC_0001.jpg", ("2019-07-01", "month")),
        ("2019/07/DSC_0001.jpg", ("2019-07-01", "month")),
        ("2025-06 Venice/a.jpg", ("2025-06-01", "month")),
        ("2025_06/a.jpg", ("2025-06-01", "month")),
        ("Summer 2018/a.jpg", ("2018-06-01", "season")),
        ("Sommer_2018/a.jpg", ("2018-06-01", "season")),
        ("2018夏天/a.jpg", ("2018-06-01", "season")),
        ("Italy July 2019/best/a.jpg", ("2019-07-01", "month")),
        ("Christmas 2019/a.jpg", ("2019-12-01", "month")),
        ("2019 Italy/a.jpg", ("2019-01-01", "year")),
        ("Italy 2019/a.jpg", ("2019-01-01", "year")),
        ("2019/a.jpg", ("2019-01-01", "year")),
        ("2019-07-04 Party/a.jpg", ("2019-07-04", None)),
        ("20190704/a.jpg", ("2019-07-04", None)),
        ("2019/2019-07-04 Party/a.jpg", ("2019-07-04", None)),
        ("Trip/July 2019 (3).jpg", ("2019-07-01", "month")),
        ("2001/IMG_20190607_101112.jpg", ("2019-06-07T10:11:12", None)),
    ],
)
def test_names_of_folders_contain_dates(path, expected):
    date, precision = guess_from_names(PurePath("/photos") / path)
    assert (date.removesuffix("T00:00:00"), precision) == expected


@pytest.mark.parametrize(
    "path",
    [
        "Italy/a.jpg",
        "07 Italy/a.jpg",
        "1920x1080/a.jpg",
        "100CANON/DSC_2019.jpg",
        "last summer/a.jpg",
        "2999/a.jpg",
        "9999-12/a.jpg",
        "summer/may.jpg",
        "2019/a/b/c/d/e.jpg",
        "20191/a.jpg",
    ],
)
def test_other_numbers_are_no_dates(path):
    assert guess_from_names(PurePath("/photos") / path) is None
