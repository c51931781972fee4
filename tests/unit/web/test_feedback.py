"""Feedback belongs to the account that gave it."""

import pytest

from search.records import Role
from search.storage.accounts import Accounts
from search.storage.feedback import FeedbackStore
from tests.support.accounts import add_admin, add_person, make_headers
from tests.support.fake_demo import draw_photo
from tests.support.indexing import index
from tests.support.web_client import get_item, make_client

ADDRESS = "/api/v1/feedback"


@pytest.fixture
def items(fresh, tmp_path):
    """The ids of two items in two sources."""
    for name in ("cat", "rocket"):
        (tmp_path / name).mkdir()
        draw_photo(name, 1).save(tmp_path / name / f"{name}.jpg")
    index(fresh, tmp_path / "cat", tmp_path / "rocket")
    client = make_client(fresh)
    return get_item(client, "cat.jpg"), get_item(client, "rocket.jpg")


@pytest.fixture
def people(fresh, items):
    """The headers of an admin and of two people, who may read everything."""
    accounts = [add_admin(fresh), add_person(fresh, "ana", Role.EDIT), add_person(fresh, "ben", Role.EDIT)]
    return [make_headers(fresh, account) for account in accounts]


@pytest.fixture
def client(fresh):
    return make_client(fresh)


def judge(client, headers, item, relevant, text="a cat"):
    body = {"text": text, "item": item, "relevant": relevant}
    assert client.post(ADDRESS, json=body, headers=headers).status_code == 204


def read(client, headers):
    response = client.get(ADDRESS, headers=headers)
    assert response.status_code == 200, response.text
    return [(one["item"], one["relevant"]) for one in response.json["feedback"]]


def test_each_account_sees_and_changes_only_its_own_feedback(client, items, people):
    boss, ana, ben = people
    judge(client, ana, items[0], True)
    judge(client, ben, items[0], False)
    assert (read(client, ana), read(client, ben), read(client, boss)) == ([(items[0], True)], [(items[0], False)], [])
    judge(client, ben, items[0], None)
    judge(client, ana, items[0], False)
    assert (read(client, ana), read(client, ben)) == ([(items[0], False)], [])


def test_admins_see_how_much_others_have_given_and_can_delete_it(fresh, client, items, people):
    boss, ana, _ = people
    judge(client, ana, items[0], True)
    judge(client, ana, items[1], True)
    account_id = client.get("/api/v1/session", headers=ana).json["account"]["id"]
    assert client.get(ADDRESS, headers=ana).json["counts"] == []
    counts = client.get(ADDRESS, headers=boss).json["counts"]
    assert counts == [{"account_id": account_id, "account": "ana", "count": 2}]
    assert client.delete(f"{ADDRESS}?account_id={account_id}", headers=boss).status_code == 204
    assert client.delete(f"{ADDRESS}?account_id=99", headers=boss).status_code == 404
    assert read(client, ana) == []


def test_everybody_can_delete_their_own_feedback_and_no_other(client, items, people):
    _, ana, ben = people
    judge(client, ana, items[0], True)
    judge(client, ben, items[0], True)
    account_id = client.get("/api/v1/session", headers=ben).json["account"]["id"]
    assert client.delete(f"{ADDRESS}?account_id={account_id}", headers=ana).status_code == 403
    assert client.delete(ADDRESS, headers=ana).status_code == 204
    assert (read(client, ana), read(client, ben)) == ([], [(items[0], True)])


def test_what_was_given_before_there_were_accounts_belongs_to_the_admins(fresh, client, items):
    judge(client, {}, items[0], True)
    boss, ana = add_admin(fresh), add_person(fresh, "ana", Role.EDIT)
    boss, ana = make_headers(fresh, boss), make_headers(fresh, ana)
    assert (read(client, boss), read(client, ana)) == ([(items[0], True)], [])
    assert client.get(ADDRESS, headers=boss).json["counts"] == [{"account_id": None, "account": None, "count": 1}]
    assert client.delete(ADDRESS, headers=boss).status_code == 204
    assert read(client, boss) == []


def test_feedback_on_what_one_may_no_longer_read_is_hidden(fresh, client, items, people):
    _, ana, _ = people
    judge(client, ana, items[0], True)
    judge(client, ana, items[1], True)
    source = fresh.sources.list_all()[0].id
    limited = make_headers(fresh, add_person(fresh, "eva", Role.EDIT, [source]))
    refused = client.post(ADDRESS, json={"text": "x", "item": items[1], "relevant": True}, headers=limited)
    assert refused.status_code == 404
    key = make_headers(fresh, Accounts(fresh.database).find("ana"), sources=[source])
    assert read(client, key) == [(items[0], True)]
    assert client.delete(ADDRESS, headers=key).status_code == 403


def test_feedback_is_deleted_with_its_account(fresh, client, items, people):
    _, ana, ben = people
    judge(client, ana, items[0], True)
    judge(client, ben, items[0], True)
    accounts = Accounts(fresh.database)
    accounts.drop(accounts.find("ana").id)
    assert len(FeedbackStore(fresh.database).list_agreed()) == 1
    assert read(client, ben) == [(items[0], True)]


def test_a_model_learns_what_most_accounts_say(fresh, client, items, people):
    boss, ana, ben = people
    for headers, first, second in ((boss, True, True), (ana, True, False), (ben, False, None)):
        judge(client, headers, items[0], first)
        judge(client, headers, items[1], second)
    agreed = FeedbackStore(fresh.database).list_agreed()
    # Of the second item, one says yes and one no.
    assert [(one.text, one.item_id, one.is_relevant) for one in agreed] == [("a cat", items[0], True)]


def test_feedback_changes_no_ranking(client, items, people):
    _, ana, ben = people
    address = "/api/v1/search?q=a+cat&all=true"
    before = [(hit["item"]["id"], hit["score"]) for hit in client.get(address, headers=ben).json["hits"]]
    judge(client, ana, items[0], False)
    after = [(hit["item"]["id"], hit["score"]) for hit in client.get(address, headers=ben).json["hits"]]
    assert before == after
    assert before
