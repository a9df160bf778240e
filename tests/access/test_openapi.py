"""The whole OpenAPI, asked at random: no answer is a fault of the map, and none is undocumented."""

import asyncio

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.access.test_matrix import bearer
from tests.support.access import token

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EVENTS = "/living-map/events"
CALLERS = {
    "anonymous": {},
    "user": bearer(token("u-1")),
    "admin": bearer(token("u-2", roles=["admin"])),
    "forger": bearer(token("u-3", secret="f" * 40)),
}
BOUNDED = settings(
    max_examples=settings.default.max_examples // 5,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
    database=None,
)


def ask_at_random(url, headers):
    """Ask every operation but the stream, which does not end, and check each answer."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json").exclude(path=EVENTS)
    asked = 0
    for operation in schema.get_all_operations():

        @BOUNDED
        @given(case=operation.ok().as_strategy())
        def answers_as_documented(case):
            case.call_and_validate(base_url=url, headers=headers, checks=CHECKS, timeout=30)

        answers_as_documented()
        asked += 1
    return asked


@pytest.mark.parametrize("caller", CALLERS)
async def test_every_operation_answers_as_it_is_documented(guarded, services, caller):
    made = await guarded(authenticator={"secret": services.auth.secret}, failures_per_minute=10_000)
    assert await asyncio.to_thread(ask_at_random, made.url, CALLERS[caller]) >= 8


texts = st.text(max_size=20) | st.sampled_from(["city", "agents,nodes", "sky", ",", "N2Jj"])


def stream_at_random(url, documented):
    """Ask for the stream, and read of it what comes first."""
    with httpx.Client(base_url=url, timeout=30) as client:

        @BOUNDED
        @given(
            st.dictionaries(st.sampled_from(["layers", "cursor", "other"]), texts),
            st.from_regex(r"\A[!-~]{1,9}\Z"),
        )
        def answers_as_documented(query, event_id):
            headers = {**CALLERS["admin"], "last-event-id": event_id}
            with client.stream("GET", EVENTS, params=query, headers=headers) as answer:
                expected = documented[str(answer.status_code)]["content"]
                assert answer.headers["content-type"].partition(";")[0] in expected
                if answer.status_code == httpx.codes.OK:
                    assert next(answer.iter_lines()).startswith("id: ")

        answers_as_documented()


async def test_the_stream_answers_as_it_is_documented(guarded, services):
    made = await guarded(authenticator={"secret": services.auth.secret}, streams_per_actor=1000)
    documented = made.living.http.openapi()["paths"][EVENTS]["get"]["responses"]
    await asyncio.to_thread(stream_at_random, made.url, documented)
