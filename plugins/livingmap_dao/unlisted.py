"""What becomes of things that dao-service does not list any more: hidden from the map's account, or gone.

A module of its own because it asks about single things, after the fetches have listed what there is.
What a hidden DAO has stays with it. Votes do not: only those on active proposals are listed, so a vote that is not
listed is as likely one on a proposal that ended.
"""

from uuid import UUID

from livingmap.plugin import Client, Fields, RequestRejected, hidden_fields
from livingmap_dao.fetch import balances, listed_daos, path_of
from livingmap_dao.items import counts, dao, planet
from livingmap_dao.rows import DaoRow, Overview


async def unlisted_planet(client: Client, entity_id: str, fields: Fields) -> Fields | None:
    """Return how a DAO of the space that is not listed any more is marked; None if it is gone."""
    slug = entity_id.partition(":")[2]
    try:
        row, overview = await _asked(client, slug)
    except RequestRejected as error:
        return _hidden(client, fields, error)
    return {**planet(row, balances(client, overview, path_of(slug))).set, "hidden_since": None}


async def unlisted_dao(client: Client, entity_id: str, fields: Fields) -> Fields | None:
    """Return how a DAO that is not listed any more is marked; None if it is gone."""
    try:
        row, overview = await _asked(client, entity_id.partition(":")[2])
    except RequestRejected as error:
        return _hidden(client, fields, error)
    return {**dao(row, counts(overview, None)).set, "hidden_since": None}


async def unlisted_holding(client: Client, entity_id: str, fields: Fields) -> Fields | None:
    """Return since when the DAO of a holding is hidden; None if it is not, so that the holding is gone."""
    return await _with_its_dao(client, entity_id.partition(":")[2].partition("/")[0], fields)


async def unlisted_proposal(client: Client, _: str, fields: Fields) -> Fields | None:
    """Return since when the DAO of a proposal is hidden; None if it is not, so that the proposal is gone.

    One that only messages have spoken of stays: they name its DAO by UUID, by which the service cannot be asked.
    """
    slug = str(fields.get("dao_id")).partition(":")[2]
    return {} if _is_uuid(slug) else await _with_its_dao(client, slug, fields)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


async def _with_its_dao(client: Client, slug: str, fields: Fields) -> Fields | None:
    if any(row.slug == slug for row in await listed_daos(client)):
        return None
    try:
        await _asked(client, slug)
    except RequestRejected as error:
        return hidden_fields(error, fields, client.now, client.settings.hidden_days)
    return None


async def _asked(client: Client, slug: str) -> tuple[DaoRow, Overview]:
    """Return a DAO that the account is not a member of, and may see all the same."""
    path = path_of(slug)
    answer = await client.get(path)
    overview = client.read_one(Overview, answer, path)
    return client.read_one(DaoRow, answer.get("dao", answer), path), overview


def _hidden(client: Client, fields: Fields, error: RequestRejected) -> Fields | None:
    mark = hidden_fields(error, fields, client.now, client.settings.hidden_days)
    return mark and {"status": "hidden", **mark}
