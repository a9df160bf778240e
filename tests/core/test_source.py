"""What a source declares, and what its settings add to it."""

from types import SimpleNamespace

from livingmap.core.source import Layer, Lifetime, Source, with_settings


def test_the_settings_of_a_source_say_how_long_its_lifetimes_are():
    heartbeat = Lifetime("nodes", ("seen_at",), "heartbeat_seconds", becomes="offline")
    busy = Lifetime("agents", ("status_at",), "busy_seconds", seconds=7)
    made = Source("nodes", "registry", object, (Layer("nodes"),), lifetimes=(heartbeat, busy))
    settings = SimpleNamespace(heartbeat_seconds=120, busy_seconds=0.5)
    full = with_settings(made, settings)
    assert [(one.setting, one.seconds) for one in full.lifetimes] == [
        ("heartbeat_seconds", 120.0),
        ("busy_seconds", 0.5),
    ]
    assert isinstance(full.lifetimes[0].seconds, float)
    assert (full.lifetimes[0].becomes, full.name, full.layers) == ("offline", "nodes", made.layers)
    assert full.given is settings
