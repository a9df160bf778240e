"""Sessions: the admission of a viewer, checked again and again for as long as its stream is open."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from livingmap.access.access import Access, Admission
from livingmap.access.denied import UNAUTHENTICATED, Denied
from livingmap.access.view import View
from livingmap.core.actor import Credential, Scheme
from livingmap.stream import messages
from livingmap.stream.viewer import Viewer

WARNING_SECONDS: Final = 60.0
GRACE_SECONDS: Final = 10.0
"""How long a viewer whose credential is no longer accepted may take to send another."""
_LEAST_SECONDS: Final = 0.05
_PENDING_SECONDS: Final = 1.0
"""After how long a viewer is checked again whose rights are still being asked for."""


class Sender(Protocol):
    """What sends a viewer its messages: the hub, its play of the past, or the feed of problems."""

    def send(self, viewer: Viewer, message: bytes) -> None:
        """Send one viewer a message of its own."""

    def change_view(self, viewer: Viewer, view: View) -> None:
        """Let a viewer see ``view`` from now on, and send it all that is to be seen there."""


class Session:
    """A viewer's admission, renewed while it stays."""

    def __init__(
        self, sender: Sender, access: Access, admission: Admission, address: str, now: Callable[[], datetime]
    ) -> None:
        self.admission = admission
        self.sender = sender
        self._access = access
        self._address = address
        self._now = now
        self._end = access.open_stream(admission, address)
        self._renewed = asyncio.Event()

    @property
    def is_watched(self) -> bool:
        """Whether the viewer may have to go one day: not on a map that everybody may read."""
        return not self._access.is_open

    def end(self) -> None:
        """Note that the stream has ended. May be called again."""
        end, self._end = self._end, _nothing
        end()

    async def renew(self, token: str, viewer: Viewer) -> None:
        """Replace the viewer's credential by another token, if that is accepted."""
        try:
            admission = await self._access.admit(Credential(Scheme.BEARER, token), self._address)
            self.end()  # the same stream is not counted twice
            self._end = self._access.open_stream(admission, self._address)
        except Denied as denied:
            self.sender.send(viewer, messages.error(denied.reason.code, str(denied)))
            return
        self.sender.send(viewer, messages.authenticated(admission.expires_at))
        self._take(admission, viewer)
        self._renewed.set()

    async def watch(self, viewer: Viewer) -> None:
        """Check the viewer until it has to go, then raise Denied. If its rights change, so does what it sees."""
        if self._access.is_open:
            await asyncio.Event().wait()
        warned: Admission | None = None
        while True:
            left = self._seconds_left()
            if left is not None and left <= WARNING_SECONDS and warned is not self.admission:
                warned = self.admission
                detail = 'the token expires; send {"kind": "auth", "token": …} with a new one to stay'
                self.sender.send(viewer, messages.warning("token_expires", detail, self.admission.expires_at))
            await self._pause(left, warned=warned is self.admission)
            await self._check(viewer)

    def _seconds_left(self) -> float | None:
        expires_at = self.admission.expires_at
        return (expires_at - self._now()).total_seconds() if expires_at else None

    async def _pause(self, left: float | None, *, warned: bool) -> None:
        """Wait until the next check is due, or the viewer has sent another token."""
        seconds = self._access.recheck_seconds
        if self.admission.rights.pending:
            seconds = min(seconds, _PENDING_SECONDS)
        if left is not None:
            seconds = min(seconds, left if warned else max(left - WARNING_SECONDS, 0))
        self._renewed.clear()
        try:
            async with asyncio.timeout(max(seconds, _LEAST_SECONDS)):
                await self._renewed.wait()
        except TimeoutError:
            return

    async def _check(self, viewer: Viewer) -> None:
        try:
            admission = await self._access.renew(self.admission)
        except Denied as denied:
            left = self._seconds_left()
            if denied.reason is not UNAUTHENTICATED or (left is not None and left <= 0):
                raise
            await self._await_other_token(denied, viewer)
            return
        if admission.rights != self.admission.rights:
            self._take(admission, viewer)

    async def _await_other_token(self, denied: Denied, viewer: Viewer) -> None:
        """Let a viewer whose token was revoked send another; raise ``denied`` if it does not do so in time."""
        before = self.admission
        self.sender.send(viewer, messages.warning(denied.reason.code, str(denied), self.admission.expires_at))
        self._renewed.clear()
        try:
            async with asyncio.timeout(min(GRACE_SECONDS, self._access.recheck_seconds)):
                await self._renewed.wait()
        except TimeoutError:
            raise denied from None
        if self.admission is before:
            raise denied

    def _take(self, admission: Admission, viewer: Viewer) -> None:
        changed = admission.rights != self.admission.rights
        self.admission = admission
        if changed:
            self.sender.change_view(viewer, View(viewer.view.layers, admission.rights))


def _nothing() -> None:
    pass
