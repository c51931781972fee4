"""The migration to ids that are not used again keeps sources and saved searches by image."""

from sqlalchemy import text

from search.records import EVERYTHING, Principal, Role
from search.storage.accounts import Accounts
from search.storage.database import Database
from search.storage.query_images import QueryImages
from search.storage.saved_searches import SavedSearches
from search.storage.sources import Sources
from tests.support.old_catalog import write_old_catalog

OLD_ID = "0123456789abcdef" * 2
ROWS = f"""
INSERT INTO source (id, path, added_at, is_watched, exclude) VALUES (3, '/m', '2024', 1, '["*.tmp"]');
INSERT INTO item (id, source_id, path, state, size, mtime_ns) VALUES (1, 3, '/m/a.jpg', 'indexed', 5, 7);
INSERT INTO query_image (id, body, used_at) VALUES ('{OLD_ID}', x'6A706567', '2024');
INSERT INTO saved_search (id, name, request, address, created_at, checked_at)
    VALUES (1, 'like this', '{{"parts": [{{"query_image": "{OLD_ID}"}}]}}', '/?picture={OLD_ID}', '2024', '2024')
"""
ACCOUNT = """
INSERT INTO account (id, name, folded_name, role, created_at) VALUES (3, 'Ana', 'ana', 'search', '2024');
INSERT INTO account_source (account_id, source_id) VALUES (3, 3)
"""
READER = Principal(Role.ADMIN, EVERYTHING)


def migrate(path, rows):
    with write_old_catalog(path, "0014") as connection:
        for statement in rows.split(";\n"):
            connection.execute(text(statement))
    return Database(path)


def test_sources_and_their_readers_are_kept_and_no_id_is_used_again(tmp_path):
    database = migrate(tmp_path / "c.db", f"{ROWS};\n{ACCOUNT}")
    sources = Sources(database)
    [source] = sources.list_all()
    assert (source.id, source.path, source.is_watched, source.exclude) == (3, "/m", True, ("*.tmp",))
    assert Accounts(database).find("ana").sources == (3,)
    with database.read() as db:
        assert db.execute(text("PRAGMA foreign_key_check")).all() == []
    sources.forget(3)
    assert sources.add("/other") == 4
    assert Accounts(database).find("ana").sources == ()
    with database.read() as db:
        assert db.execute(text("SELECT count(*) FROM item")).scalar() == 0
    database.close()


def test_saved_searches_by_image_go_on_with_the_new_id(tmp_path):
    database = migrate(tmp_path / "c.db", f"{ROWS};\n{ACCOUNT}")
    [saved] = SavedSearches(database, READER).list_all()
    new_id = saved.request["parts"][0]["query_image"]
    assert new_id != OLD_ID
    assert saved.address == f"/?picture={new_id}"
    assert QueryImages(database).read(new_id) == b"jpeg"
    database.close()


def test_without_accounts_addresses_with_images_stay_valid(tmp_path):
    database = migrate(tmp_path / "c.db", ROWS)
    assert QueryImages(database).read(OLD_ID) == b"jpeg"
    database.close()
