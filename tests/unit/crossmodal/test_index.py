"""What `crossmodal index --watch` reports."""

from crossmodal.cli.index import report_changes
from indexer.pipeline import Summary


def test_a_failure_that_still_stands_is_reported_once():
    shown = []
    report = report_changes(shown.append)
    bad, worse = Summary(failures={"a": "empty"}), Summary(failures={"a": "empty", "b": "damaged"})
    moved = Summary(failures=worse.failures)
    moved.counts["renamed"] = 1
    for summary in (bad, bad, worse, worse, moved, Summary(), Summary()):
        report(summary)
    assert [one.failures for one in shown] == [bad.failures, worse.failures, worse.failures, {}]
