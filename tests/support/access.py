"""auth-service and pdp-service for tests: real HTTP servers on ports of their own, as the real ones behave."""

import asyncio
import contextlib
import json
import time
from typing import Any

import jwt

from livingmap.access.access import Access
from livingmap.access.policy import Policies
from livingmap.access.settings import AuthSettings
from livingmap.log.local import utc_now

SECRET = "a secret that is long enough for HS256, and for nothing else"
OTHER_SECRET = "another secret that is also long enough for HS256, but wrong"


def token(sub="u-1", *, roles=("user",), secret=SECRET, seconds=86_400.0, algorithm="HS256", **claims) -> str:
    """Return a token as auth-service makes it, good for a day: some are made when the tests are collected."""
    now = time.time()
    said = {
        "sub": sub,
        "email": f"{sub}@example.org",
        "name": sub,
        "roles": list(roles),
        "type": "access",
        "iss": "daarion-auth",
        "iat": int(min(now, now + seconds)),
        "exp": now + seconds,
        **claims,
    }
    return jwt.encode({name: value for name, value in said.items() if value is not None}, secret, algorithm)


class JsonService:
    """A service that answers POST and GET with JSON. ``mode`` says how it behaves from now on."""

    def __init__(self) -> None:
        self.mode: str = "well"
        self.asked: list[tuple[str, Any]] = []
        self.busy = self.busiest = 0
        self._server: asyncio.Server | None = None
        self._port = 0
        self._open: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where it listens, once it was started."""
        return self._port

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def kill(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while True:
                    await self._exchange(reader, writer)
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        path, said = first.split(" ")[1], json.loads(body) if body else None
        self.asked.append((path, said))
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            await asyncio.sleep(0.002)  # so that what is asked at once is seen to be
            if self.mode == "hang":
                await asyncio.sleep(30)
            status, answer = LIES[self.mode] if self.mode in LIES else self.answer(path, said, headers)
        finally:
            self.busy -= 1
        if not isinstance(answer, bytes):
            answer = json.dumps(answer).encode()
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(answer)}\r\n\r\n".encode() + answer)
        await writer.drain()

    def answer(self, path: str, said: Any, headers: dict[str, str]) -> tuple[int, Any]:
        raise NotImplementedError


LIES: dict[str, tuple[int, Any]] = {
    "500": (500, b"Internal Server Error"),
    "503": (503, {"detail": "no"}),
    "html": (200, b"<!doctype html><title>Welcome</title>"),
    "empty": (200, b""),
    "null": (200, None),
    "list": (200, []),
    "yes": (200, {"active": "yes", "effect": "PERMIT", "access_token": 7}),
    "truthy": (200, {"active": 1, "sub": "u-1", "exp": 9_999_999_999, "effect": True}),
    "nobody": (200, {"active": True, "sub": None, "exp": None, "effect": None}),
    "redirect": (302, b""),
    "401": (401, {"detail": "who are you"}),
    "422": (422, {"detail": [{"type": "missing"}]}),
}
"""Answers that are not to be believed."""


class AuthService(JsonService):
    """auth-service: introspection, sign-in and refresh; ``inactive`` tokens are no longer good."""

    def __init__(self, secret: str = SECRET) -> None:
        super().__init__()
        self.secret = secret
        self.inactive: set[str] = set()
        self.keys: list[dict[str, Any]] = []
        self.passwords = {"map@example.org": "correct-horse-1"}
        self.identities: dict[str, Any] = {}
        self.expires_in: Any = 1800
        self._refresh: set[str] = set()
        self._made = 0

    def answer(self, path: str, said: Any, headers: dict[str, str]) -> tuple[int, Any]:
        match path:
            case "/api/auth/introspect":
                return 200, self._introspected(said["token"])
            case "/api/auth/login":
                if self.passwords.get(said["email"]) != said["password"]:
                    return 401, {"detail": "Invalid email or password"}
                return 200, {**self._pair(), "user": {"id": "u-map"}}
            case "/api/auth/refresh":
                if said["refresh_token"] not in self._refresh:
                    return 401, {"detail": "Session expired or revoked"}
                self._refresh.discard(said["refresh_token"])
                return 200, self._pair()
            case "/.well-known/jwks.json":
                return 200, {"keys": self.keys}
            case "/auth/me":
                key = headers.get("x-api-key") or headers.get("cookie", "").removeprefix("session_token=")
                found = self.identities.get(key)
                return (200, found) if found else (401, {"detail": "Not authenticated"})
        return 404, {"detail": "Not Found"}

    def _introspected(self, text: str) -> dict[str, Any]:
        no = {"active": False, "sub": None, "email": None, "roles": None, "exp": None}
        try:
            claims = jwt.decode(text, self.secret, ["HS256"])
        except jwt.PyJWTError:
            return no
        if claims.get("type") != "access" or text in self.inactive:
            return no
        return {
            "active": True,
            "sub": claims["sub"],
            "email": claims.get("email"),
            "roles": claims.get("roles"),
            "exp": int(claims["exp"]),
        }

    def _pair(self) -> dict[str, Any]:
        self._made += 1
        refresh = f"refresh-token-number-{self._made}"
        self._refresh.add(refresh)
        access = token("u-map", number=self._made, secret=self.secret)
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
        }


class PolicyService(JsonService):
    """pdp-service: ``permits`` holds what actors may do, as (actor_id, action, type, id)."""

    def __init__(self) -> None:
        super().__init__()
        self.permits: set[tuple[str, str, str, str]] = set()
        self.obligations: dict[str, Any] = {}

    def allow(self, actor_id: str, *ids: str, action: str = "read", kind: str = "microdao") -> None:
        self.permits |= {(actor_id, action, kind, one) for one in ids}

    def answer(self, path: str, said: Any, headers: dict[str, str]) -> tuple[int, Any]:
        if path != "/internal/pdp/evaluate":
            return 404, {"detail": "Not Found"}
        actor, resource = said["actor"], said["resource"]
        if said["action"] != said["action"].lower() or "actor_type" not in actor or not resource.get("id"):
            return 422, {"detail": [{"type": "missing", "loc": ["body"], "msg": "Field required"}]}
        service = actor["actor_type"] == "service" and said["action"] in ("read", "write")
        asked = (actor["actor_id"], said["action"], resource["type"], resource["id"])
        if service or asked in self.permits:
            return 200, {"effect": "permit", "reason": "told so", "obligations": self.obligations}
        return 200, {"effect": "deny", "reason": "no_matching_policy", "obligations": {}}


def external_ids(living, *ids):
    """Return the ids by which pdp-service knows items of a map."""
    return [living.fold.scene.named(one, "external") or one for one in ids]


def open_to_all() -> Access:
    """Return the access of a map that everybody may read."""
    settings = AuthSettings()
    return Access(settings, None, Policies(settings, (), dict), utc_now, most_streams=10_000)


@contextlib.asynccontextmanager
async def running(*services: JsonService):
    """Run services until the end of the block."""
    for service in services:
        await service.start()
    try:
        yield services if len(services) > 1 else services[0]
    finally:
        for service in services:
            await service.kill()
