"""What the tests of the web server share."""

import pytest

from tests.support.web_client import make_client


@pytest.fixture(scope="module")
def client(library):
    """A client of a server over the library that all tests share; it must not be changed."""
    return make_client(library)
