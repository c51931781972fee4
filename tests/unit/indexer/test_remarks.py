"""A damaged file that is indexed has a remark in the ledger."""

import shutil

from search.media.image.pillow import make_noise
from search.records import ItemType, State
from tests.support.indexing import index


def test_an_incomplete_image_is_indexed_with_a_remark(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    image = make_noise(1, 96, 64)[0].resize((480, 320))
    image.save(media / "whole.jpg")
    body = (media / "whole.jpg").read_bytes()
    (media / "cut.jpg").write_bytes(body[: int(len(body) * 0.85)])
    (media / "rest.jpg").write_bytes(body[: int(len(body) * 0.2)])
    summary = index(fresh, media)
    assert summary.counts["added"] == 2

    def read():
        return {item.path.rsplit("/", 1)[-1]: (item.state, item.reason) for item in fresh.catalog.list_items()}

    ledger = read()
    assert ledger["whole.jpg"] == (State.INDEXED, None)
    state, remark = ledger["cut.jpg"]
    assert state is State.INDEXED
    assert remark.startswith("the file is incomplete: ")
    assert ledger["rest.jpg"][0] is State.FAILED
    (item,) = [item for item in fresh.catalog.list_items() if item.path.endswith("/cut.jpg")]
    assert (item.type, item.facts.width, item.facts.height) == (ItemType.IMAGE, 480, 320)
    assert fresh.home.thumbnail(item.id).exists()
    # A copy has the same remark, and a file that was replaced by a whole one has none.
    shutil.copy(media / "cut.jpg", media / "copy.jpg")
    (media / "cut.jpg").write_bytes(body)
    index(fresh, media)
    assert read()["copy.jpg"] == (State.INDEXED, remark)
    assert read()["cut.jpg"] == (State.INDEXED, None)
    # The remark stays while the file is missing, and when it is back.
    (media / "copy.jpg").rename(tmp_path / "copy.jpg")
    index(fresh, media)
    (tmp_path / "copy.jpg").rename(media / "copy.jpg")
    index(fresh, media)
    assert read()["copy.jpg"] == (State.INDEXED, remark)
    # It also stays when the file gets another name.
    (media / "copy.jpg").rename(media / "renamed.jpg")
    assert index(fresh, media).counts["renamed"] == 1
    assert read()["renamed.jpg"] == (State.INDEXED, remark)
