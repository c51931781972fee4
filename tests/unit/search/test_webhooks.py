"""Where webhooks may be sent to, and how they are signed."""

import pytest

from search.webhooks import WebhookHosts, make_secret, sign_message

HOSTS = WebhookHosts(["Hooks.example.org", "*.example.net", "192.168.1.5", "10.0.0.0/8", "[fd00::5]"])
PRIVATE = [
    "127.0.0.1",
    "127.1.2.3",
    "169.254.169.254",
    "192.168.1.6",
    "172.16.0.1",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fd00::6",
    "ff02::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize(
    "host", ["hooks.example.org", "HOOKS.example.org.", "a.example.net", "a.b.example.net", "192.168.1.5", "fd00::5"]
)
def test_listed_hosts_are_allowed(host):
    assert HOSTS.allows_name(host)


@pytest.mark.parametrize(
    "host", ["example.org", "a.hooks.example.org", "example.net", "notexample.net", "8.8.8.8", "192.168.1.6", "", "*"]
)
def test_no_other_host_is(host):
    assert not HOSTS.allows_name(host)
    assert not WebhookHosts([]).allows_name(host)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_to_this_machine_or_network_is_not_called(address):
    assert not HOSTS.allows_address(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "10.1.2.3", "::ffff:10.1.2.3", "192.168.1.5"])
def test_public_and_listed_addresses_are_called(address):
    assert HOSTS.allows_address(address)


def test_localhost_lists_its_addresses():
    hosts = WebhookHosts(["localhost"])
    assert hosts.allows_name("localhost")
    assert [hosts.allows_address(one) for one in ("127.0.0.1", "::1", "10.0.0.1")] == [True, True, False]


def test_signatures_are_those_of_the_standard():
    # The example of the specification of Standard Webhooks.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    signature = sign_message(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_differ_and_have_the_form_of_the_standard():
    assert make_secret() != make_secret()
    assert make_secret().startswith("whsec_")
    assert len(make_secret()) == len("whsec_") + 32
