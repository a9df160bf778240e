"""Faults of access control: each is found, and what the doctor proposes mends it; and whose a token is."""

import pytest

from tests.doctor.conftest import kinds, proposed
from tests.support.access import AuthService, PolicyService, running, token
from tests.support.ports import free_port

RULES = {"items": [{"types": ["microdao"], "field": "id", "type": "microdao"}]}


@pytest.fixture
async def auth():
    async with running(AuthService()) as one:
        yield one


def use(patient, auth, **more):
    authenticator = {"base_url": auth.base_url, "retries": 0, "timeout_seconds": 30}
    patient.set("auth", {"mode": "daarion", "authenticator": authenticator, **more})


async def test_an_authenticator_that_does_not_run(patient, auth):
    use(patient, auth)
    assert await patient.faults() == []
    patient.set("auth.authenticator.base_url", f"http://127.0.0.1:{free_port()}")
    fault = await patient.fault()
    assert kinds([fault]) == [("refused", "auth.authenticator.base_url")]
    use(patient, auth)
    assert await patient.faults() == []


async def test_an_authenticator_that_fails(patient, auth):
    use(patient, auth)
    auth.mode = "500"
    fault = await patient.fault()
    assert kinds([fault]) == [("fails", "auth.authenticator.base_url")]
    auth.mode = "well"
    assert await patient.faults() == []


async def test_an_authenticator_that_takes_any_token(patient, auth):
    use(patient, auth)
    auth.mode = "truthy"
    faults = await patient.faults()
    assert {one.where for one in faults} <= {"auth.authenticator", "auth.authenticator.base_url"}
    assert faults
    auth.mode = "well"
    assert await patient.faults() == []


async def test_an_account_with_a_wrong_password(patient, auth):
    account = {"base_url": auth.base_url, "email": "map@example.org", "password": "wrong-password"}
    use(patient, auth, account=account)
    fault = await patient.fault()
    assert kinds([fault]) == [("sign_in", "auth.account")]
    assert proposed(fault) == ["auth.account"]
    assert "wrong-password" not in fault.what + fault.fix
    patient.set("auth.account.password", "correct-horse-1")
    assert await patient.faults() == []


async def test_a_policy_engine_that_does_not_run(patient, auth):
    async with running(PolicyService()) as policies:
        use(patient, auth, pdp={"enabled": True, "base_url": f"http://127.0.0.1:{free_port()}", **RULES})
        fault = await patient.fault()
        assert kinds([fault]) == [("refused", "auth.pdp.base_url")]
        patient.set("auth.pdp.base_url", policies.base_url)
        assert await patient.faults() == []


async def test_a_policy_engine_that_is_asked_nothing(patient, auth):
    async with running(PolicyService()) as policies:
        use(patient, auth, pdp={"enabled": True, "base_url": policies.base_url})
        fault = await patient.fault()
        assert kinds([fault]) == [("policies_without_rules", "auth.pdp")]
        patient.follow(fault, "auth.pdp.enabled")
        assert await patient.faults() == []


async def test_whose_a_token_is_and_what_it_may_see(patient, auth):
    async with running(PolicyService()) as policies:
        use(patient, auth, pdp={"enabled": True, "base_url": policies.base_url, **RULES})
        patient.set("sources.microdao", {"mock": True})
        report = await patient.report(token=token("u-7", roles=("user",)))
    assert report.faults == []
    [note] = report.notes
    assert kinds([note]) == [("token", "auth")]
    assert note.what.startswith("u-7 (human); roles: user; until ")
    assert "microdaos: 0 of 2" in note.what or "0 of 2" in note.what


async def test_an_administrator_sees_everything(patient, auth):
    use(patient, auth)
    [note] = (await patient.report(token=token("u-1", roles=("admin",)))).notes
    assert "agents: 5 of 5" in note.what


async def test_a_token_that_has_expired(patient, auth):
    use(patient, auth)
    worn = token("u-7", seconds=-60)
    fault = await patient.fault(token=worn)
    assert kinds([fault]) == [("token_refused", "auth")]
    assert worn not in fault.what + fault.fix
    assert await patient.faults(token=token("u-7")) == []


async def test_without_access_control_no_token_is_looked_at(patient):
    [note] = (await patient.report(token="any")).notes
    assert kinds([note]) == [("token", "auth.mode")]
