"""The composition of the map: everything is built from a configuration here, wired, started and stopped."""

from livingmap.app.living_map import LivingMap

__all__ = ["LivingMap"]
