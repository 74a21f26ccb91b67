"""Which headers each answer brings, for the OpenAPI document."""

from typing import Any

_TEXT = {"type": "string"}
_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Accept-Ranges": ("`bytes`: Range is supported.", _TEXT),
    "Allow": ("The methods that this address takes.", _TEXT),
    "Content-Disposition": ("The file's name.", _TEXT),
    "Content-Range": ("Which bytes of how many.", _TEXT),
    "ETag": ("Names this state; for If-None-Match and If-Match.", _TEXT),
    "Idempotent-Replayed": ("`true` if this is the earlier answer to the same Idempotency-Key.", _TEXT),
    "Link": ('The next page, `rel="next"`; none on the last one.', _TEXT),
    "Location": ("The address of what was created or asked for.", _TEXT),
    "Preference-Applied": ("The `wait=N` that was applied.", _TEXT),
    "RateLimit": ("What is left of the rate limit, if the service requires keys.", _TEXT),
    "RateLimit-Policy": ("The rate limit, if the service requires keys.", _TEXT),
    "Retry-After": ("Seconds to wait before the next try.", {"type": "integer"}),
    "WWW-Authenticate": ("How to show a key.", _TEXT),
    "X-Request-ID": ("Also in our log; the caller's own id, if it sent a valid one.", _TEXT),
}
_OF_STATUS = {
    "206": ("Accept-Ranges", "Content-Disposition", "Content-Range", "ETag"),
    "303": ("Location",),
    "304": ("ETag",),
    "307": ("Location",),
    "401": ("WWW-Authenticate",),
    "405": ("Allow",),
    "416": ("Content-Range",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
_ACCEPTED = {"200", "201", "202"}


def components() -> dict[str, Any]:
    """Return every header, by its name."""
    return {name: {"description": told, "schema": schema} for name, (told, schema) in _HEADERS.items()}


def add(call: dict[str, Any], method: str) -> None:
    """Say of each answer of a call which headers it brings."""
    asked = {parameter["name"].lower() for parameter in call.get("parameters", ())}
    for status, answer in call["responses"].items():
        names = {"X-Request-ID", *_OF_STATUS.get(status, ())}
        if "security" in call:
            names |= {"RateLimit", "RateLimit-Policy"} if status != "401" else set()
        if status in _ACCEPTED:
            names |= _of_success(answer, method, status, asked)
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(names)}


def _of_success(answer: dict[str, Any], method: str, status: str, asked: set[str]) -> set[str]:
    kinds = answer.get("content", {})
    names = set()
    if method == "GET" and "application/json" in kinds:
        names.add("ETag")
    if method == "GET" and any(kind.startswith("image/") for kind in kinds):
        names |= {"Accept-Ranges", "ETag"}
    if {"image/*", "application/zip"} & set(kinds):
        names.add("Content-Disposition")
    if "cursor" in asked:
        names.add("Link")
    if "prefer" in asked:
        names |= {"ETag", "Preference-Applied", "Retry-After"}
    if method == "PUT" and "if-match" in asked:
        names.add("ETag")
    if "idempotency-key" in asked:
        names |= {"Idempotent-Replayed", "Location"}
    if status == "201":
        names.add("Location")
    return names
