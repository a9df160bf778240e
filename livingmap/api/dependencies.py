"""FastAPI dependencies of access control: who asks, and what it may see."""

import hmac
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Final, TypeAlias

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from livingmap.access.access import Access, Admission, address_of
from livingmap.access.credentials import refuse_in_url
from livingmap.access.denied import FORBIDDEN, NOT_READY, UNAUTHENTICATED, Denied
from livingmap.access.view import Rights
from livingmap.core.progress import Progress

REFUSALS: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""What a guarded endpoint may answer instead."""

_RETRY_SECONDS: Final = 2

_logger = structlog.get_logger(__name__)

_BEARER: Final = HTTPBearer(auto_error=False, description="An access token")  # for OpenAPI alone

_Unread: TypeAlias = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


class AuthDependencies:
    """Dependencies that admit requests by ``access``; all of them raise Denied."""

    def __init__(self, access: Access, progress: Progress) -> None:
        self.access = access
        self._progress = progress

    async def admission(self, request: Request, _: _Unread = None) -> Admission:
        """Return the admission of the caller."""
        refuse_in_url(request.url.query)
        credential = self.access.credential(request.headers)
        return await self.access.admit(credential, address_of(request.scope))

    async def rights(self, request: Request, _: _Unread = None) -> Rights:
        """Return what the caller may see, be it only counts."""
        if not self._progress.is_shown:
            raise Denied(NOT_READY, "the map is still reading its log; try again in a moment", _RETRY_SECONDS)
        return (await self.admission(request)).rights

    async def items(self, request: Request, _: _Unread = None) -> Rights:
        """Return what the caller may see, if it may see items."""
        rights = await self.rights(request)
        if rights.summary:
            raise Denied(UNAUTHENTICATED, "without a token only counts are shown, in the snapshot and the stream")
        return rights

    async def reports(self, request: Request, _: _Unread = None) -> Rights:
        """Return what the caller may see, if it may also see how the services are doing."""
        return (await self.administrator(request)).rights

    def scraper(self, scrape_token: Callable[[], str | None]) -> Callable[..., Awaitable[None]]:
        """Return a dependency that admits who has the token, and who may see how the services are doing."""

        async def admitted(request: Request, given: _Unread = None) -> None:
            try:
                token = scrape_token() if given is not None else None
            except OSError as error:
                _logger.warning("the token of scrapers cannot be read", error=str(error))
                token = None
            if token and given and hmac.compare_digest(given.credentials.encode(), token.encode()):
                return
            await self.administrator(request)

        return admitted

    async def administrator(self, request: Request, _: _Unread = None) -> Admission:
        """Return the admission of the caller, if it may see how the services are doing."""
        admission = await self.admission(request)
        if not admission.rights.reports:
            if admission.credential is None:
                raise Denied(UNAUTHENTICATED, "how services are doing is for administrators")
            raise Denied(FORBIDDEN, "how services are doing is for administrators; the snapshot has meta.sources")
        return admission
