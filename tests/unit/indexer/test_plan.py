"""Planning decides and writes nothing; applying a plan writes it to the ledger."""

from PIL import Image

from indexer.apply import apply_plan
from indexer.plan import PlanOptions, plan_source
from indexer.scan import scan_source
from search.records import State
from search.status import verify_library
from search.storage.ledger import Ledger
from tests.support.indexing import index


def plan(library, root, source_id):
    stamps = Ledger(library.database).read_stamps(source_id, str(root))
    results = scan_source(root, source_id, library.home.root, stamps)
    return plan_source(Ledger(library.database), results, stamps, PlanOptions())


def test_a_plan_is_written_only_when_it_is_applied(fresh, tmp_path):
    root = tmp_path / "media"
    root.mkdir()
    (root / "new.txt").write_text("new")
    (root / "program.exe").write_bytes(b"\1\0")
    source_id = fresh.sources.add(str(root))
    decided = plan(fresh, root, source_id)
    assert list(decided.todo) == [str(root / "new.txt")]
    assert [state for state, _ in decided.marks] == [State.SKIPPED]
    assert Ledger(fresh.database).read_stamps(source_id, str(root)) == {}
    apply_plan(Ledger(fresh.database), decided)
    states = {path: stamp[0] for path, stamp in Ledger(fresh.database).read_stamps(source_id, str(root)).items()}
    assert states == {str(root / "new.txt"): State.PENDING, str(root / "program.exe"): State.SKIPPED}


def test_what_vanished_before_it_was_indexed_is_dropped(fresh, tmp_path):
    root = tmp_path / "media"
    root.mkdir()
    (root / "new.txt").write_text("new")
    source_id = fresh.sources.add(str(root))
    apply_plan(Ledger(fresh.database), plan(fresh, root, source_id))
    (root / "new.txt").unlink()
    decided = plan(fresh, root, source_id)
    assert (len(decided.dropped_ids), decided.missing_ids, decided.counts["removed"]) == (1, [], 1)
    apply_plan(Ledger(fresh.database), decided)
    assert Ledger(fresh.database).read_stamps(source_id, str(root)) == {}


def test_a_changed_image_that_vanishes_before_it_is_indexed_again_leaves_no_thumbnail(fresh, tmp_path):
    """A run is killed after it has planned the change, and the file is gone before the next run."""
    root = tmp_path / "media"
    root.mkdir()
    Image.new("RGB", (64, 64), "red").save(root / "a.jpg")
    index(fresh, root)
    (source,) = fresh.sources.list_all()
    assert len(list(fresh.home.thumbnails.rglob("*.jpg"))) == 1
    Image.new("RGB", (80, 64), "blue").save(root / "a.jpg")
    apply_plan(Ledger(fresh.database), plan(fresh, root, source.id))
    (root / "a.jpg").unlink()
    index(fresh, root)
    assert verify_library(fresh) == []
    assert list(fresh.home.thumbnails.rglob("*.jpg")) == []
