"""The places of connections: who gets one, and who makes room."""

import pytest

from livingmap.api.connections import Connections, capacity, stream_capacity
from livingmap.api.proxies import Proxies
from livingmap.config.server import ServerSettings

PROXY = "10.0.0.7"


class Holder:
    """A connection that notes when it has to make room."""

    def __init__(self):
        self.used_at = 0.0
        self.is_open = True

    def make_room(self):
        self.is_open = False


@pytest.fixture
def connections():
    return Connections(6, 3, Proxies(ServerSettings(trusted_proxies=(PROXY,)).proxies), lambda: 100.0)


def enter(connections, *addresses):
    holders = [Holder() for _ in addresses]
    return holders, [
        connections.enter(holder, address) for holder, address in zip(holders, addresses, strict=True)
    ]


def test_the_connection_that_has_waited_for_longest_makes_room(connections):
    holders, _ = enter(connections, *"1122334")
    assert [one.is_open for one in holders] == [False, True, True, True, True, True, True]


def test_connections_that_are_being_answered_stay(connections):
    holders, places = enter(connections, *"112233")
    for place in places:
        place.work()
    assert connections.enter(Holder(), "4") is None
    places[3].wait(holders[3])
    assert connections.enter(Holder(), "4") is not None
    assert [one.is_open for one in holders] == [True, True, True, False, True, True]


def test_a_connection_that_was_used_a_moment_ago_is_passed_over(connections):
    holders, _ = enter(connections, *"112233")
    holders[0].used_at = 99.5
    enter(connections, "4")
    assert [one.is_open for one in holders] == [True, False, True, True, True, True]


def test_an_address_at_its_limit_makes_room_among_its_own(connections):
    holders, places = enter(connections, *"2111")
    _, (more,) = enter(connections, "1")
    assert [one.is_open for one in holders] == [True, False, True, True]
    for place in (*places[2:], more):
        place.work()
    assert connections.enter(Holder(), "1") is None
    places[2].leave()
    assert connections.enter(Holder(), "1") is not None


def test_a_64_of_ipv6_is_one_address_and_a_proxy_has_no_limit_of_its_own(connections):
    holders, _ = enter(connections, *(f"2001:db8::{number}" for number in range(4)))
    assert not holders[0].is_open
    proxied, _ = enter(connections, *[PROXY] * 3)
    assert all(one.is_open for one in proxied)


def test_a_place_that_was_left_twice_is_one_place(connections):
    _, places = enter(connections, *"112233")
    for place in places:
        place.work()
    places[0].leave()
    places[0].leave()
    assert connections.enter(Holder(), "4") is not None
    connections.waiting.clear()
    assert connections.enter(Holder(), "5") is None


@pytest.mark.parametrize(
    ("descriptors", "setting", "most", "streams"),
    [(256, None, 160, 140), (1024, None, 896, 784), (1_048_576, None, 32_768, 28_672), (1024, 100, 100, 87)],
)
def test_descriptors_are_left_for_everything_else(monkeypatch, descriptors, setting, most, streams):
    monkeypatch.setattr("resource.getrlimit", lambda _: (descriptors, descriptors))
    settings = ServerSettings(connections=setting)
    assert (capacity(settings), stream_capacity(settings)) == (most, streams)
