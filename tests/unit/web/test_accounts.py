"""Accounts, the first of them, API keys, links, and what is stored about them."""

import pytest

from search.access.accounts import NewAccount, add_account
from search.access.tokens import TokenKind, hash_token, make_token
from search.engine import Engine
from search.errors import HomeError
from search.records import Role
from search.settings import Settings
from search.storage import account_tables as a
from search.storage.accounts import Accounts, AccountUpdate, OtherSignIns
from tests.support.accounts import PASSWORD, add_admin, add_person, make_headers, sign_in
from tests.support.web_client import Client, make_client
from web.app import create_app


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "adminadminadmin", "abababababab"])
def test_a_weak_password_is_refused(fresh, password):
    add_admin(fresh)
    client = sign_in(make_client(fresh), "admin")
    response = client.post("/api/v1/accounts", json={"name": "admin2", "password": password.replace("admin", "admin2")})
    assert (response.status_code, response.json["detail"].split(":")[0]) == (400, "password")


def test_the_first_account_must_be_an_admin(fresh):
    client = make_client(fresh)
    body = {"name": "ana", "password": PASSWORD}
    assert client.post("/api/v1/accounts", json=body).status_code == 400
    assert client.post("/api/v1/accounts", json=body | {"role": "admin"}).status_code == 201
    assert client.get("/api/v1/status").status_code == 401


def test_an_account_without_a_password_is_no_admin(fresh):
    body = {"name": "ana", "role": "admin"}
    refused = make_client(fresh).post("/api/v1/accounts", json=body)
    assert (refused.status_code, "has no password" in refused.json["detail"]) == (400, True)
    admin = add_admin(fresh)
    client = sign_in(make_client(fresh), "admin")
    invited = client.post("/api/v1/accounts", json={"name": "ana"}).json["id"]
    assert client.patch(f"/api/v1/accounts/{invited}", json={"role": "admin"}).status_code == 400
    both = {"role": "admin", "password": PASSWORD}
    assert client.patch(f"/api/v1/accounts/{invited}", json=both).status_code == 200
    assert client.patch(f"/api/v1/accounts/{admin.id}", json={"disabled": True}).status_code == 200


def test_an_admin_of_an_identity_provider_counts_while_there_is_one(fresh):
    person = add_account(fresh, NewAccount("ana", Role.SEARCH, external_id="issuer ana"))
    provided = Accounts(fresh.database, OtherSignIns(has_provider=True))
    provided.change(person.id, AccountUpdate(role=Role.ADMIN))
    assert provided.have_admin()
    assert not Accounts(fresh.database).have_admin()


def test_the_last_admin_cannot_be_removed(fresh):
    admin = add_admin(fresh)
    add_person(fresh, "ana")
    client = sign_in(make_client(fresh), "admin")
    address = f"/api/v1/accounts/{admin.id}"
    assert client.delete(address).status_code == 400
    assert client.patch(address, json={"role": "search"}).status_code == 400
    assert client.patch(address, json={"disabled": True}).status_code == 400
    assert client.get("/api/v1/session").json["role"] == "admin"


def test_a_key_is_shown_once_and_may_do_no_more_than_its_account(fresh):
    add_admin(fresh)
    add_person(fresh, "ana", Role.EDIT)
    client = sign_in(make_client(fresh), "ana")
    assert client.post("/api/v1/keys", json={"name": "x", "role": "admin"}).status_code == 403
    new = client.post("/api/v1/keys", json={"name": "frame", "role": "search", "days": 1}).json
    assert new["key"].startswith(new["prefix"])
    listed = client.get("/api/v1/keys").json["keys"]
    assert [(one["name"], "key" in one) for one in listed] == [("frame", False)]
    headers = {"Authorization": f"Bearer {new['key']}"}
    program = make_client(fresh)
    assert program.get("/api/v1/session", headers=headers).json["role"] == "search"
    assert program.post("/api/v1/albums", json={"name": "A"}, headers=headers).status_code == 403
    assert program.post("/api/v1/keys", json={"name": "y"}, headers=headers).status_code == 403
    assert client.get("/api/v1/keys").json["keys"][0]["last_used_at"] is not None
    assert client.delete(f"/api/v1/keys/{new['id']}").status_code == 204
    assert program.get("/api/v1/session", headers=headers).status_code == 401


def test_one_account_cannot_delete_the_key_of_another(fresh):
    admin = add_admin(fresh)
    make_headers(fresh, admin)
    client = sign_in(make_client(fresh), add_person(fresh, "ana").name)
    assert client.delete("/api/v1/keys/1").json["detail"] == client.delete("/api/v1/keys/9").json["detail"].replace(
        "9", "1"
    )


def test_a_basic_password_of_a_proxy_is_not_taken_for_a_key(fresh):
    add_admin(fresh)
    client = sign_in(make_client(fresh), "admin")
    assert client.get("/api/v1/status", headers={"Authorization": "Basic YTpi"}).status_code == 200


def test_a_link_sets_a_cookie_and_leads_to_the_album(fresh):
    add_admin(fresh)
    owner = sign_in(make_client(fresh), "admin")
    album = owner.post("/api/v1/albums", json={"name": "A"}).json["id"]
    link = owner.post(f"/api/v1/albums/{album}/links", json={"days": 1}).json
    visitor = make_client(fresh)
    followed = visitor.get(link["address"])
    assert (followed.status_code, followed.headers["Location"]) == (302, f"/?album={album}")
    assert followed.headers["Cache-Control"] == "no-store"
    assert visitor.get("/api/v1/session").json["role"] == "view"
    assert visitor.get("/api/v1/albums").json["albums"][0]["name"] == "A"
    assert visitor.get("/api/v1/searches").status_code == 403
    assert owner.delete(f"/api/v1/albums/{album}/links/{link['id']}").status_code == 204
    assert visitor.get("/api/v1/albums").status_code == 401
    assert make_client(fresh).get(link["address"]).status_code == 401


def test_following_a_link_does_not_sign_out(fresh):
    add_admin(fresh)
    owner = sign_in(make_client(fresh), "admin")
    album = owner.post("/api/v1/albums", json={"name": "A"}).json["id"]
    owner.get(owner.post(f"/api/v1/albums/{album}/links", json={}).json["address"])
    assert owner.get("/api/v1/session").json["role"] == "admin"


def test_the_first_account_can_be_created_with_the_printed_link_only(fresh):
    token = make_token(TokenKind.SETUP)
    app = create_app(Engine(fresh), Settings(home=fresh.home.root), token.hash)
    app.test_client_class = Client
    client = app.test_client()
    body = {"name": "ana", "password": PASSWORD}
    elsewhere = {"REMOTE_ADDR": "192.168.1.9"}
    wrong = client.post("/api/v1/setup", json=body | {"token": "cmi_x"}, environ_base=elsewhere)
    assert wrong.status_code == 401
    right = client.post("/api/v1/setup", json=body | {"token": token.text}, environ_base=elsewhere)
    assert (right.status_code, right.json["role"]) == (200, "admin")
    again = client.post("/api/v1/setup", json=body | {"name": "eve", "token": token.text}, environ_base=elsewhere)
    assert again.status_code == 403


def test_admins_see_who_did_what(fresh):
    admin = add_admin(fresh)
    client = sign_in(make_client(fresh), "admin")
    make_client(fresh).post("/api/v1/session", json={"name": "admin", "password": "wrong password"})
    client.post("/api/v1/accounts", json={"name": "ana", "password": PASSWORD})
    rows = client.get("/api/v1/activities?limit=2").json
    assert [(row["account"], row["action"], row["subject"]) for row in rows["activities"]] == [
        ("admin", "account-added", "ana"),
        (None, "sign-in-refused", "admin"),
    ]
    rest = client.get(f"/api/v1/activities?cursor={rows['next']}").json["activities"]
    assert [row["action"] for row in rest] == ["sign-in"]
    assert rest[0]["address"] == "127.0.0.1"
    assert admin.name == "admin"


def test_secrets_are_stored_as_hashes_only(fresh):
    admin = add_admin(fresh)
    headers = make_headers(fresh, admin)
    client = sign_in(make_client(fresh), "admin")
    secrets = [headers["Authorization"].split()[1], client.get_cookie("crossmodal_session").value, PASSWORD]
    stored = b"".join(path.read_bytes() for path in fresh.home.root.glob("catalogue.db*"))
    assert hash_token(secrets[0]).encode() in stored
    assert [secret for secret in secrets if secret.encode() in stored] == []


def test_a_repeated_key_of_an_idempotent_request_belongs_to_one_caller(fresh):
    admin = add_admin(fresh)
    first, second = make_headers(fresh, admin), make_headers(fresh, add_person(fresh, "ana", Role.EDIT))
    client, key = make_client(fresh), {"Idempotency-Key": "same"}
    one = client.post("/api/v1/albums", json={"name": "A"}, headers=first | key)
    two = client.post("/api/v1/albums", json={"name": "A"}, headers=second | key)
    assert one.json["id"] != two.json["id"]
    assert client.post("/api/v1/albums", json={"name": "A"}, headers=first | key).json["id"] == one.json["id"]


def test_a_trusted_proxy_names_the_account_and_nobody_else_can(fresh):
    add_admin(fresh)
    add_person(fresh, "ana")
    client = make_client(fresh, user_header="Remote-User", trusted_proxies=("127.0.0.1",))
    assert client.get("/api/v1/session", headers={"Remote-User": "Ana"}).json["account"]["name"] == "ana"
    assert client.get("/api/v1/status", headers={"Remote-User": "eve"}).status_code == 403
    assert client.get("/api/v1/status").status_code == 401
    body = {"name": "x", "request": {"text": "a cat"}}
    assert client.post("/api/v1/searches", json=body, headers={"Remote-User": "ana"}).status_code == 201
    stranger = {"REMOTE_ADDR": "192.168.1.9"}
    refused = client.get("/api/v1/status", headers={"Remote-User": "ana"}, environ_base=stranger)
    assert refused.status_code == 401
    without = make_client(fresh, user_header="Remote-User")
    assert without.get("/api/v1/status", headers={"Remote-User": "ana"}).status_code == 401


def test_a_key_cannot_delete_keys(fresh):
    admin = add_admin(fresh)
    make_headers(fresh, admin)
    headers, client = make_headers(fresh, admin, Role.SEARCH), make_client(fresh)
    assert client.delete("/api/v1/keys/1", headers=headers).status_code == 403
    assert client.delete("/api/v1/keys/1", headers=make_headers(fresh, admin)).status_code == 403
    assert len(sign_in(client, "admin").get("/api/v1/keys").json["keys"]) == 3


def test_a_monitor_does_not_wait_for_the_database(fresh, monkeypatch):
    add_admin(fresh)
    client = make_client(fresh)

    def read(*_):
        raise AssertionError("the database was read")

    monkeypatch.setattr("search.storage.accounts.Accounts.exist", read)
    assert client.get("/healthz").status_code == 200


def test_who_may_read_still_may_when_the_catalog_cannot_be_written(fresh, monkeypatch):
    admin = add_admin(fresh)
    headers, client = make_headers(fresh, admin), sign_in(make_client(fresh), "admin")
    with fresh.database.write() as db:
        db.execute(a.session.update().values(used_at="2020-01-01T00:00:00+00:00"))

    def write(*_, **__):
        raise HomeError("the disk is full")

    monkeypatch.setattr("search.storage.database.Database.write", write)
    assert client.get("/api/v1/items").status_code == 200
    assert make_client(fresh).get("/api/v1/items", headers=headers).status_code == 200
