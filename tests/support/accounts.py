"""Accounts, keys and signed-in clients for tests."""

from flask.testing import FlaskClient

from search.access.accounts import NewAccount, add_account
from search.access.keys import add_key
from search.open_home import OpenHome
from search.records import Account, Role
from search.storage.accounts import Accounts
from search.storage.api_keys import NewKey

PASSWORD = "correct horse battery"


def add_person(library: OpenHome, name: str, role: Role = Role.SEARCH, sources=None) -> Account:
    """Create an account with the password `PASSWORD`."""
    return add_account(library, NewAccount(name, role, sources, PASSWORD))


def add_admin(library: OpenHome) -> Account:
    """Create an admin, if there is none yet."""
    accounts = Accounts(library.database)
    return accounts.find("admin") if accounts.have_admin() else add_person(library, "admin", Role.ADMIN)


def make_headers(library: OpenHome, account: Account, role: Role | None = None, sources=None, expires_at=None):
    """Return the headers of a request with a new key of an account."""
    added = add_key(library.database, account, NewKey("test", role or account.role, sources, expires_at))
    return {"Authorization": f"Bearer {added.text}"}


def sign_in(client: FlaskClient, name: str, password: str = PASSWORD) -> FlaskClient:
    """Sign in with a client, which then sends the form token with each request."""
    response = client.post("/api/v1/session", json={"name": name, "password": password})
    assert response.status_code == 200, response.text
    client.environ_base["HTTP_X_FORM_TOKEN"] = response.json["form_token"]
    return client
