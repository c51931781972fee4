from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from PIL import Image

from indexer.pipeline import Options, run_index
from search.encoders.ocr.engine import ReadLine
from search.encoders.ocr.probe import DEFAULT_PRIOR, TextProbe
from search.engine import Engine
from search.open_home import open_home
from search.records import Query, Retriever, SegmentKind
from search.settings import Settings
from search.status import read_status
from tests.support.fake_models import choose_fake_models
from tests.support.indexing import change_settings, index
from tests.support.real_models import CHOOSER

SIGN = (225, 30, 30)


@dataclass
class FakeReader:
    """Finds "Harbor Street" in the left half of every picture that begins with the color of a sign."""

    fingerprint: str = "fake 1"
    streams: int = 1
    seen: list[tuple[int, ...]] = field(default_factory=list)
    priors: list[float] = field(default_factory=list)

    def may_have_text(self, image, prior=DEFAULT_PRIOR):
        self.priors.append(prior)
        return bool(np.abs(image[0, 0].astype(int) - SIGN).max() < 40)

    def read(self, image):
        self.seen.append(image.shape)
        if np.abs(image[0, 0].astype(int) - SIGN).max() >= 40:
            return []
        height, width = image.shape[:2]
        quad = np.array([(0, 0), (width / 2, 0), (width / 2, height / 4), (0, height / 4)], np.float32)
        return [ReadLine(quad, "Harbor Street", 0.98)]


@pytest.fixture
def reader(monkeypatch):
    reader = FakeReader()
    monkeypatch.setattr(CHOOSER, lambda *args: replace(choose_fake_models(*args), text_reader=reader))
    return reader


@pytest.fixture
def media(tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    Image.new("RGB", (3000, 2000), SIGN).save(folder / "sign.jpg")
    Image.new("RGB", (300, 200), (30, 30, 225)).save(folder / "sea.jpg")
    return folder


@pytest.fixture
def library(tmp_path, reader):
    with open_home(Settings(home=tmp_path / "home"), create=True) as library:
        yield library


def find_texts(library):
    items = library.catalog.list_items()
    segments = [found.segment for item in items for found in library.catalog.list_segments(item.id)]
    return [segment for segment in segments if segment.kind is SegmentKind.OCR]


def test_a_sign_is_found_by_its_words_and_the_evidence_says_where(library, media):
    index(library, media)
    hit = Engine(library).search(Query(text="harbor street")).hits[0]
    assert hit.item.path.endswith("sign.jpg")
    evidence = next(one for one in hit.evidence if one.kind is SegmentKind.OCR)
    assert evidence.snippet == "Harbor Street"
    assert [line.quad for line in evidence.lines] == [(0, 0, 0.5, 0, 0.5, 0.25, 0, 0.25)]


def test_a_photo_is_read_large_and_a_photo_without_text_not_at_all(library, media, reader):
    index(library, media)
    assert reader.seen == [(1333, 2000, 3)]


def test_an_image_is_read_once(library, media, reader):
    index(library, media)
    index(library, media)
    assert len(reader.seen) == 1


def test_images_that_were_indexed_before_are_read_by_the_next_run(library, media, reader):
    index(replace(library, active=replace(library.active, models=replace(library.models, text_reader=None))), media)
    assert find_texts(library) == []
    index(library, media)
    assert [segment.text for segment in find_texts(library)] == ["Harbor Street"]


def test_another_reader_replaces_what_was_read(library, media, reader):
    index(library, media)
    reader.fingerprint = "fake 2"
    index(library, media)
    assert len(find_texts(library)) == 1
    assert len(reader.seen) == 2


def test_a_copy_of_a_file_has_its_text(library, media, reader):
    index(library, media)
    (media / "copy.jpg").write_bytes((media / "sign.jpg").read_bytes())
    index(library, media)
    assert len(find_texts(library)) == 2
    assert len(reader.seen) == 1


def test_files_with_the_same_content_are_read_once(library, media, reader):
    (media / "copy.jpg").write_bytes((media / "sign.jpg").read_bytes())
    index(library, media)
    assert len(find_texts(library)) == 2
    assert len(reader.seen) == 1


def test_the_text_of_a_changed_image_is_read_again(library, media, reader):
    index(library, media)
    Image.new("RGB", (640, 480), SIGN).save(media / "sign.jpg")
    index(library, media)
    assert len(find_texts(library)) == 1
    assert len(reader.seen) == 2


def test_text_has_a_vector_of_the_text_encoder(library, media):
    index(library, media)
    item = next(item for item in library.catalog.list_items() if item.path.endswith("sign.jpg"))
    assert library.catalog.read_vectors(item.id, library.indexes[Retriever.SEMANTIC].space_id).shape[0] == 1


def test_an_image_that_cannot_be_read_does_not_end_the_run(library, media, reader, monkeypatch):
    def fail(_):
        raise RuntimeError("broken engine")

    monkeypatch.setattr(reader, "read", fail)
    assert index(library, media).failures == {}
    assert find_texts(library) == []


def test_only_the_given_paths_are_read(library, media, tmp_path, reader):
    other = tmp_path / "other"
    other.mkdir()
    Image.new("RGB", (500, 500), SIGN).save(other / "sign.jpg")
    index(replace(library, active=replace(library.active, models=replace(library.models, text_reader=None))), media)
    index(library, other)
    assert reader.seen == [(500, 500, 3)]


def make_photo(color):
    """Return pixels with noise, as photos have."""
    noise = np.random.default_rng(0).integers(-20, 20, (480, 640, 3))
    return Image.fromarray((noise + color).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("name", ["window.png", "Screenshot_2025-05-01.jpg"])
def test_a_screenshot_is_read_without_a_look_at_its_thumbnail(library, media, reader, name):
    Image.new("RGB", (640, 480), (30, 30, 225)).save(media / name)
    index(library, media)
    assert (480, 640, 3) in reader.seen


def test_a_photo_saved_as_png_is_read_only_if_a_look_finds_text(library, media, reader):
    make_photo((30, 30, 225)).save(media / "beach.png")
    index(library, media)
    assert (480, 640, 3) not in reader.seen


def test_the_stored_vector_of_a_photo_counts_in_the_look(library, media, reader, monkeypatch):
    encoder = library.models.image_encoder
    probe = TextProbe(np.zeros(encoder.dimension, np.float32), 1.5, encoder.fingerprint)
    monkeypatch.setattr("indexer.look_for_text.find_probe", lambda fingerprint: probe)
    index(library, media)
    assert reader.priors == [1.5, 1.5]


def test_another_image_encoder_has_no_probe(library, media, reader):
    index(library, media)
    assert reader.priors == [DEFAULT_PRIOR, DEFAULT_PRIOR]


def test_text_is_not_read_if_the_setting_is_off_and_what_was_read_is_still_found(library, media, reader):
    index(library, media)
    off = change_settings(library, read_text=False)
    Image.new("RGB", (640, 480), SIGN).save(media / "other.jpg")
    index(off, media)
    assert len(reader.seen) == 1
    assert read_status(off)["text_reader"] is None
    assert Engine(off).search(Query(text="harbor street")).hits[0].item.path.endswith("sign.jpg")


def test_reading_shows_how_many_files_are_done_and_the_time_left(library, media, reader):
    steps = []
    run_index(library, [media], Options(sandbox=False), lambda *step: steps.append(step))
    read = steps[[step[0] for step in steps].index(2) + 1 :]  # after both files were indexed
    assert [step[:2] for step in read if step[0] < 2]
    assert read[-1][:2] == (2, 2)
    assert read[-1][3] == pytest.approx(0, abs=0.1)
    assert all(step[3] is not None for step in read)
