"""Counting wrong passwords."""

import pytest

from search.access.throttle import USUAL, Throttle, identify_network
from search.errors import ThrottleError
from tests.support.clock import Clock

HERE = "198.51.100.7"


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    clock.install(monkeypatch, "search.access.throttle")
    return clock


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_the_addresses_of_an_ipv6_network_are_one_client(address, network):
    assert identify_network(address) == network


def test_many_passwords_at_once_are_not_checked_for_free(clock):
    throttle = Throttle()
    for _ in range(USUAL.free + 1):
        throttle.begin("ana", HERE)  # none is answered yet
    with pytest.raises(ThrottleError):
        throttle.begin("ana", HERE)


def test_wrong_passwords_are_forgotten_after_a_day(clock):
    throttle = Throttle()
    for _ in range(USUAL.free + 1):
        throttle.begin("ana", HERE)
    clock.sleep(24 * 60 * 60)
    for _ in range(USUAL.free + 1):
        throttle.begin("ana", HERE)


def test_only_the_newest_wrong_passwords_are_remembered(clock, monkeypatch):
    monkeypatch.setattr("search.access.throttle.MAX_REMEMBERED", 30)
    throttle = Throttle()
    for number in range(100):
        throttle.begin(f"name {number}", f"10.0.0.{number}")
    assert len(throttle._failures) == 30
