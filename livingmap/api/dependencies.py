"""FastAPI dependencies of access control: who asks, and what it may see."""

from http import HTTPStatus
from typing import Annotated, Final, TypeAlias

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
        admission = await self.admission(request)
        if not admission.rights.reports:
            if admission.credential is None:
                raise Denied(UNAUTHENTICATED, "how services are doing is for administrators")
            raise Denied(FORBIDDEN, "how services are doing is for administrators; the snapshot has meta.sources")
        return admission.rights
