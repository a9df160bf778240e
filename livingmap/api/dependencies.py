"""The guard at every endpoint: who asks, and what it may see."""

from http import HTTPStatus
from typing import Annotated, Final, TypeAlias

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from livingmap.access.access import Access, Admission, address_of
from livingmap.access.credentials import refuse_in_url
from livingmap.access.denied import FORBIDDEN, UNAUTHENTICATED, Denied
from livingmap.access.view import Rights

REFUSALS: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""What a guarded endpoint may answer instead."""

_BEARER: Final = HTTPBearer(auto_error=False, description="An access token of auth-service")  # for OpenAPI alone

_Unread: TypeAlias = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


class AuthDependencies:
    """Lets requests in, by what ``access`` says. Its methods are FastAPI dependencies."""

    def __init__(self, access: Access) -> None:
        self.access = access

    async def admission(self, request: Request, _: _Unread = None) -> Admission:
        """Return who asks. Raises Denied."""
        refuse_in_url(request.url.query)
        credential = self.access.credential(request.headers)
        return await self.access.admit(credential, address_of(request.scope))

    async def rights(self, request: Request, _: _Unread = None) -> Rights:
        """Return what who asks may see, be it counts alone."""
        return (await self.admission(request)).rights

    async def items(self, request: Request, _: _Unread = None) -> Rights:
        """Return what who asks may see, if that can be items at all."""
        rights = await self.rights(request)
        if rights.summary:
            raise Denied(UNAUTHENTICATED, "without a token only counts are shown, in the snapshot and the stream")
        return rights

    async def reports(self, request: Request, _: _Unread = None) -> Rights:
        """Return what who asks may see, if that is also how the services fare."""
        admission = await self.admission(request)
        if not admission.rights.reports:
            if admission.credential is None:
                raise Denied(UNAUTHENTICATED, "how services fare is for administrators")
            raise Denied(FORBIDDEN, "how services fare is for administrators; the snapshot has meta.sources")
        return admission.rights
