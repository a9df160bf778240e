"""Requests to Prometheus: targets and their jobs, alerts, and the chosen queries."""

from typing import Final
from urllib.parse import unquote

from livingmap.plugin import Client, Fetch, Fields, InvalidAnswer, Json, Put, RequestRejected, rfc3339
from livingmap_prometheus.rows import (
    AlertRow,
    AlertsAnswer,
    Numbers,
    QueryAnswer,
    Series,
    TargetRow,
    TargetsAnswer,
)
from livingmap_prometheus.sections import OWN, QuerySection

LAYER: Final = "monitoring"
_TARGETS: Final = "/api/v1/targets"
_ALERTS: Final = "/api/v1/alerts"
_QUERY: Final = "/api/v1/query"


async def fetch_targets(client: Client) -> list[Put]:
    """Return what is scraped, with the numbers that queries give of each."""
    rows, numbers = await _targets(client), await _numbers(client, OWN["target"])
    return [_put("targets", row.id, _target(row), numbers) for row in rows]


async def fetch_jobs(client: Client) -> list[Put]:
    """Return the jobs that the targets belong to, with the numbers that queries give of each."""
    jobs: dict[str, list[TargetRow]] = {}
    for row in await _targets(client):
        jobs.setdefault(row.labels.job, []).append(row)
    numbers = await _numbers(client, OWN["job"])
    return [_put("jobs", f"job:{name}", _job(name, rows), numbers) for name, rows in jobs.items()]


async def fetch_alerts(client: Client) -> list[Put]:
    """Return the alerts that fire or are about to."""
    answer = client.read_one(AlertsAnswer, await client.get(_ALERTS), _ALERTS)
    return [_alert(row) for row in client.read(AlertRow, answer.data.alerts, _ALERTS)]


async def fetch_queries(client: Client) -> list[Put]:
    """Return the chosen queries themselves: whether Prometheus can answer them, and what is of no item."""
    return [await _query(client, name, section) for name, section in client.settings.queries.items()]


def numbers_of(place: tuple[str, str]) -> Fetch:
    """Return the fetch of the numbers that belong to items of another source."""
    layer, collection = place

    async def fetch_numbers(client: Client) -> list[Put]:
        numbers = await _numbers(client, place)
        if numbers.unknown:
            raise InvalidAnswer(f"{_QUERY}: refused are the queries {', '.join(numbers.unknown)}")
        return [
            Put(layer, entity_id, fields, collection=collection, creates=False)
            for entity_id, fields in numbers.items()
        ]

    return fetch_numbers


async def target_details(client: Client, name: str) -> Fields:
    """Return when a target was scraped last, and how long that took."""
    entity_id = f"target:{unquote(name)}"
    for row in await _targets(client):
        if row.id == entity_id:
            return {"last_scrape": rfc3339(row.last_scrape), "last_scrape_seconds": row.last_scrape_seconds}
    raise InvalidAnswer(f"{_TARGETS}: {entity_id} is not among them")


async def _targets(client: Client) -> list[TargetRow]:
    answer = client.read_one(TargetsAnswer, await client.get(_TARGETS, state="active"), _TARGETS)
    rows = client.read(TargetRow, answer.data.active, _TARGETS)
    # Two scrapes may have one job and instance: of equal ids the last counts, and that has to be one that is down.
    return sorted(rows, key=lambda row: row.health != "up")


async def _series(client: Client, section: QuerySection) -> list[Series]:
    answer = client.read_one(QueryAnswer, await client.get(_QUERY, query=section.query), _QUERY)
    return answer.data.series()


async def _numbers(client: Client, place: tuple[str, str]) -> Numbers:
    """Return what the queries give of a place. One that Prometheus refuses is shown by `fetch_queries`."""
    numbers, refused = Numbers(), []
    for name, section in client.settings.queries.items():
        if section.place != place:
            continue
        try:
            series = await _series(client, section)
        except RequestRejected:
            refused.append(name)
            continue
        for one in series:
            if entity_id := section.id_of(one.metric):
                numbers.setdefault(entity_id, {})[name] = one.number()
    numbers.unknown = tuple(refused)
    return numbers


def _put(collection: str, entity_id: str, fields: dict[str, Json], numbers: Numbers) -> Put:
    given = {**fields, **numbers.get(entity_id, {})}
    return Put(LAYER, entity_id, given, collection=collection, unknown=numbers.unknown)


def _target(row: TargetRow) -> dict[str, Json]:
    return {
        "name": row.labels.instance,
        "status": row.status,
        "job_id": row.labels.job_id,
        "error": row.error,
        "labels": row.labels.others(),
    }


def _job(name: str, rows: list[TargetRow]) -> dict[str, Json]:
    statuses = {row.id: row.status for row in rows}
    down = sum(status == "down" for status in statuses.values())
    known = set(statuses.values()) - {"unknown"}
    status = "unknown" if not known else "online" if not down else "degraded" if "online" in known else "down"
    return {"name": name, "status": status, "targets": len(statuses), "targets_down": down}


def _alert(row: AlertRow) -> Put:
    fields = {
        "name": row.labels.alertname,
        "status": row.status,
        "summary": row.annotations.get("summary") or row.annotations.get("description"),
        "since": rfc3339(row.active_at),
        "severity": row.labels.severity or None,
        "target_id": row.labels.target_id,
        "job_id": row.labels.job_id,
        "runbook": row.annotations.get("runbook_url"),
        "labels": row.labels.others(),
    }
    return Put(LAYER, row.id, fields, collection="alerts")


async def _query(client: Client, name: str, section: QuerySection) -> Put:
    fields: dict[str, Json] = {"name": name, "status": "online", "query": section.query, "error": None}
    try:
        series = await _series(client, section)
    except RequestRejected as error:
        fields |= {"status": "refused", "error": str(error)}
    else:
        if section.item is None:
            fields["value"] = series[0].number() if series else None
    return Put(LAYER, f"query:{name}", fields, collection="queries")
