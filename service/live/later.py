"""The answer to who asks while what is asked for is being made: 202, and when to ask again."""

from typing import Any

from fastapi import Response
from pydantic import BaseModel

RETRY_AFTER = "1"
"""Seconds after which a caller without news looks again."""


def ask_again(response: Response) -> None:
    """Make this answer a 202."""
    response.status_code = 202
    response.headers["Retry-After"] = RETRY_AFTER


def described(model: type[BaseModel], why: str) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entry of such an answer."""
    return {202: {"model": model, "description": f"{why}; ask again after Retry-After"}}
