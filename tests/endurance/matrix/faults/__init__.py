"""What may happen to each thing that the map depends on, in the order of the table."""

from importlib import import_module

from tests.endurance.matrix.fault import FAULTS, Fault

_MODULES = (
    *("nothing", "nats", "postgres", "pooler", "services", "access", "disks", "clocks", "processes", "log_lines"),
)
for _name in _MODULES:
    import_module(f"{__name__}.{_name}")

__all__ = ["FAULTS", "Fault"]
