"""Why a webhook could not be called, in words for users."""

import socket
import ssl

import pytest

from indexer.worker import webhook
from search.webhooks import WebhookHosts
from tests.support.webhooks import SECRET, make_message, send


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (ValueError("the port is 0"), "the port is 0"),
    ],
)
def test_a_webhook_that_is_not_reached_is_explained_without_class_names(monkeypatch, error, expected):
    def fail(*_args):
        raise error

    monkeypatch.setattr(webhook._Call, "_post", fail)
    message = f"the webhook cannot be reached: {expected}. Check the address and that its server runs."
    assert send("http://127.0.0.1:1/") == message


@pytest.mark.parametrize("error", [TimeoutError("timed out"), TimeoutError()])
def test_a_webhook_that_answers_too_late_is_explained_by_the_limit(error):
    assert webhook.explain_error(error) == "the webhook did not answer within 10 s"


def test_a_webhook_with_another_certificate_is_explained():
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:1006)")
    error.verify_message = "self-signed certificate"
    message = "the webhook cannot be reached securely: self-signed certificate. Check its address and its certificate."
    assert webhook.explain_error(error) == message


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "8.8.8.8"])
def test_a_host_that_is_not_listed_is_not_called(host, connections):
    assert send(f"http://{host}/", WebhookHosts(["hooks.example.org"])).startswith("the webhook was not called: ")
    assert connections == []


def test_a_listed_name_that_leads_to_a_private_address_is_not_called(monkeypatch, connections):
    lead_to(monkeypatch, "169.254.169.254", "10.0.0.1")
    reason = send("http://hooks.example.org/", WebhookHosts(["hooks.example.org"]))
    assert "the addresses of hooks.example.org are not public" in reason
    assert connections == []


def test_the_address_that_was_checked_is_the_one_that_is_called(monkeypatch, connections):
    lead_to(monkeypatch, "10.0.0.1", "198.35.26.96")
    send("http://hooks.example.org:8080/", WebhookHosts(["hooks.example.org"]))
    assert connections == [("198.35.26.96", 8080)]


@pytest.fixture
def connections(monkeypatch):
    """The addresses that were connected to; every connection fails."""
    called = []

    def connect(address, *_args, **_options):
        called.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(webhook.socket, "create_connection", connect)
    return called


def lead_to(monkeypatch, *addresses):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]
    monkeypatch.setattr(webhook.socket, "getaddrinfo", lambda *_args, **_options: found)


def test_a_message_that_is_sent_again_has_the_same_id_and_hides_its_secret():
    first, second = make_message("http://a/", b"1"), make_message("http://a/", b"1")
    assert first.id == second.id != make_message("http://a/", b"2").id
    assert SECRET not in repr(first)
