"""What the unit tests turn off because no process of theirs ends early."""

from sqlalchemy import text


def test_a_commit_waits_for_the_disk(fresh):
    with fresh.database.read() as db:
        assert db.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
