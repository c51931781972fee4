"""A client of the REST API that needs no server."""

from flask.testing import FlaskClient

from search.engine import Engine
from search.open_home import OpenHome
from search.settings import Settings
from tests.support.contract import check_response
from web.app import create_app


class Client(FlaskClient):
    """Reads and closes every response, as a browser would."""

    def open(self, *args, **kwargs):
        response = super().open(*args, buffered=True, **kwargs)
        check_response(self.application, response)
        return response


def make_client(library: OpenHome, **settings) -> FlaskClient:
    """Return a client of an application over a library, with some settings. Any folder may be added."""
    app = create_app(Engine(library), Settings(home=library.home.root, **{"allowed_roots": "/"} | settings))
    app.test_client_class = Client
    return app.test_client()


def ask(client: FlaskClient, **body):
    """Return the response to a search."""
    return client.post("/api/v1/search", json=body)


def get_item(client: FlaskClient, name: str) -> int:
    """Return the id of the item whose path ends with a name."""
    items = client.get("/api/v1/items?limit=1000").json["items"]
    return next(one["id"] for one in items if one["path"].endswith(name))
