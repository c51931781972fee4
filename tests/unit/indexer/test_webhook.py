"""Why a webhook could not be called, in words for users."""

import socket
import ssl

import pytest

from indexer.worker import webhook
from indexer.worker.webhook import send_json


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (TimeoutError("timed out"), "timed out"),
        (ValueError("the port is 0"), "the port is 0"),
    ],
)
def test_a_webhook_that_is_not_reached_is_explained_without_class_names(monkeypatch, error, expected):
    def fail(*_args):
        raise error

    monkeypatch.setattr(webhook._Call, "_post", fail)
    message = f"the webhook cannot be reached: {expected}. Check the address and that its server runs."
    assert send_json("http://127.0.0.1:1/", b"{}") == message


def test_a_webhook_with_another_certificate_is_explained():
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:1006)")
    error.verify_message = "self-signed certificate"
    message = "the webhook cannot be reached securely: self-signed certificate. Check its address and its certificate."
    assert webhook.explain_error(error) == message
