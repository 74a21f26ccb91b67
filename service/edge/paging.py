"""How lists come in pages: a cursor, a limit, and a Link header to the next."""

from typing import Annotated

from fastapi import Query, Request, Response

from photochrom.as_json import AS_JSON

from .prefix import address

Cursor = Annotated[str | None, Query(pattern="^[0-9a-z]{26}$")]
Limit = Annotated[int, Query(ge=1, le=200), AS_JSON]


def link_next(request: Request, response: Response, following: str | None) -> None:
    """Set the Link header to the page after `following`; the last page has none."""
    if following:
        url = request.url.include_query_params(cursor=following)
        response.headers["Link"] = f'<{address(url.path)}?{url.query}>; rel="next"'
