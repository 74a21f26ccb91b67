"""Signing in with a key: for the page, whose pictures, downloads and event streams cannot send a header."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from photochrom.access.keys import KeyRecord, Scope
from photochrom.errors import (
    ForeignHost,
    ForeignOrigin,
    InvalidKey,
    KeyRequired,
    ObjectNotFound,
    StorageUnavailable,
    TooManyRequests,
)

from ..deps import CallerDep, ServicesDep
from ..edge import problems
from ..edge.routing import Router
from .auth import forget_session, presented_key, session_of, set_session

router = Router(tags=["keys"])
_LONGEST = timedelta(days=30)


class SignIn(BaseModel):
    """The key, if it does not come as `Authorization: Bearer`."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, Field(max_length=200)] = ""


class KeyView(BaseModel):
    """A key as its holder sees it."""

    id: Annotated[str, Field(description="The part of the key that is not secret.")]
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, record: KeyRecord) -> "KeyView":
        """Show `record`."""
        shown = record.model_dump(include={"id", "name", "created_at", "expires_at"})
        return cls(**shown, scopes=sorted(record.scopes))


@router.post(
    "/v1/session",
    summary="Sign a browser in",
    responses=problems.responses(
        *problems.JSON_BODY,
        KeyRequired,
        InvalidKey,
        TooManyRequests,
        ForeignHost,
        ForeignOrigin,
    ),
)
def sign_in(
    services: ServicesDep, request: Request, response: Response, given: SignIn | None = None
) -> KeyView:
    """Take a key, in the body or as Bearer, and set a cookie that stands for it, for 30 days or as long as the key.

    The cookie is HttpOnly and SameSite=Strict, and serves this service's own page only.
    """
    token = presented_key(request.headers) or (given or SignIn()).key
    record = services.keys.authenticate(token)
    limits = record.limits.over(services.settings.key_limits())
    if limits.requests_per_minute:
        services.allowance.spend(record.owner, limits.requests_per_minute)
    session, lasts = services.keys.open_session(record, _LONGEST)
    set_session(response, request, session, int(lasts.total_seconds()))
    response.headers["Cache-Control"] = "no-store"
    return KeyView.of(record)


@router.delete(
    "/v1/session",
    status_code=204,
    summary="Sign a browser out",
    responses=problems.responses(ForeignHost, ForeignOrigin, StorageUnavailable),
)
def sign_out(services: ServicesDep, request: Request, response: Response) -> None:
    """End the session and delete the cookie; it is not an error if there is none."""
    if session := session_of(request):
        services.keys.close_session(session)
    forget_session(response)


@router.get("/v1/keys/me", summary="See what the key may do", responses=problems.responses(ObjectNotFound))
async def read_own_key(caller: CallerDep) -> KeyView:
    """Return the key that the call was made with; 404 if the service requires none."""
    if caller.key is None:
        raise ObjectNotFound("This service does not ask for keys.")
    return KeyView.of(caller.key)
