"""city-service: the public rooms, and the city's map of them."""

from typing import Final

from livingmap.plugin import Json
from livingmap_mock.services.ask import Answers, Ask, there
from livingmap_mock.services.city_agents import present
from livingmap_mock.things import Room
from livingmap_mock.times import zulu


def _rooms(ask: Ask) -> Json:
    return [_row(room) for room in ask.page(list(ask.network.rooms), 100)]


def _room(ask: Ask) -> Json:
    return {**_row(_asked(ask)), "messages": [], "online_members": []}


def _agents_in_room(ask: Ask) -> Json:
    room = _asked(ask)
    return [present(one) for one in ask.network.agents if one.room is room and one.status != "offline"]


def _map(ask: Ask) -> Json:
    return {
        "config": {"grid_width": 6, "grid_height": 3, "cell_size": 100, "background_url": None},
        "rooms": [_on_the_map(room) for room in ask.network.rooms],
    }


def _asked(ask: Ask) -> Room:
    return there(ask.network.rooms.get(ask.words["room"]), "Room not found")


def _row(room: Room) -> Json:
    return {
        "slug": room.place.slug,
        "name": room.place.shown,
        "description": room.place.description,
        "id": room.id,
        "is_default": False,
        "created_at": zulu(room.created),
        "created_by": None,
        "members_online": room.online,
        "last_event": None,
        "logo_url": None,
        "banner_url": None,
        "microdao_id": None,
        "microdao_name": None,
        "microdao_slug": None,
        "microdao_logo_url": None,
        "matrix_room_id": None,
        "matrix_room_alias": None,
    }


def _on_the_map(room: Room) -> Json:
    place = room.place
    return {
        "id": room.id,
        "slug": place.slug,
        "name": place.shown,
        "description": place.description,
        "room_type": place.kind,
        "zone": place.zone,
        "icon": None,
        "color": place.color,
        "x": place.x,
        "y": place.y,
        "w": 2,
        "h": 1,
        "matrix_room_id": None,
    }


ANSWERS: Final[Answers] = {
    "/city/map": _map,
    "/city/rooms": _rooms,
    "/city/rooms/{room}": _room,
    "/city/rooms/{room}/agents": _agents_in_room,
}
