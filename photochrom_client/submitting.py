"""Hands over what becomes a job: a photograph, or a scan of album pages, as a file or by its address."""

import uuid
from collections.abc import Mapping
from typing import Any

import httpx

from photochrom.photo.options import ColorizeOptions

from .photographs import Photo, addressed, body_of, form_of, name_of, query_of
from .transport import Transport

FETCHING = 630.0
"""Seconds that a server may take to fetch a photograph, by its settings."""


def upload(
    transport: Transport,
    path: str,
    photo: Photo,
    options: ColorizeOptions | None,
    name: str | None,
    idempotency_key: str | None,
    repair_mask: Photo | None = None,
) -> httpx.Response:
    """Send a file to a collection; every retry of the call has the same key."""
    query = {"name": name_of(photo, name), **query_of(options)}
    key = keyed(idempotency_key)

    def body() -> Mapping[str, Any]:
        made = body_of(photo) if repair_mask is None else form_of(photo, query["name"], repair_mask)
        return {**made, "headers": {**made.get("headers", {}), **key}}

    return transport.call("POST", path, params=query, body=body)


def upload_from(
    transport: Transport,
    path: str,
    url: str,
    options: ColorizeOptions | None,
    name: str | None,
    idempotency_key: str | None,
) -> httpx.Response:
    """Have the server fetch a file from an https address into a collection."""
    named = addressed(url, options, name)
    return transport.call("POST", path, json=named, headers=keyed(idempotency_key), timeout=FETCHING)


def keyed(idempotency_key: str | None) -> dict[str, str]:
    """Return the header with this key, or with one that only the retries of this very call share."""
    return {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
