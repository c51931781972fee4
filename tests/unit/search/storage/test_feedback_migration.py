"""The migration that gives feedback an owner keeps feedback and accounts."""

from sqlalchemy import text

from search.storage.accounts import Accounts
from search.storage.database import Database
from search.storage.feedback import FeedbackStore
from tests.support.old_catalog import write_old_catalog

ROWS = """
INSERT INTO source (id, path, added_at, is_watched) VALUES (1, '/m', '2024', 1);
INSERT INTO item (id, source_id, path, state, size, mtime_ns) VALUES (1, 1, '/m/a.jpg', 'indexed', 5, 7);
INSERT INTO feedback (text, item_id, is_relevant, given_at) VALUES ('a cat', 1, 1, '2024'), ('a dog', 1, 0, '2025');
INSERT INTO account (id, name, folded_name, role, created_at, failed_attempts, locked_until)
    VALUES (3, 'Ana', 'ana', 'admin', '2024', 9, '2099')
"""


def test_feedback_and_accounts_of_an_earlier_version_are_kept(tmp_path):
    with write_old_catalog(tmp_path / "c.db", "0013") as connection:
        for statement in ROWS.split(";\n"):
            connection.execute(text(statement))
    database = Database(tmp_path / "c.db")
    given = FeedbackStore(database).list_all()
    assert [(one.text, one.item_id, one.is_relevant) for one in given] == [("a dog", 1, False), ("a cat", 1, True)]
    assert [(one.account_id, one.count) for one in FeedbackStore(database).count_by_account()] == [(None, 2)]
    assert Accounts(database).find("ana").id == 3
    with database.read() as db:
        assert db.execute(text("PRAGMA foreign_key_check")).all() == []
    database.close()
