"""The OpenAPI document as a whole: what schemathesis does not look at."""

from collections.abc import Iterator
from typing import Any

import pytest

from photochrom.events import EventType, Payload
from service.app import create_app
from service.settings import ServiceSettings


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(ServiceSettings()).openapi()


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(found := node.get("$ref"), str):
            yield found
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from references(part)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in set(references(document)):
        found: Any = document
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]


def test_every_event_is_told_with_an_example_that_holds(document: dict[str, Any]) -> None:
    assert set(document["webhooks"]) == set(EventType)
    for kind, call in document["webhooks"].items():
        example = call["post"]["requestBody"]["content"]["application/json"]["example"]
        assert Payload.model_validate(example).type == kind
