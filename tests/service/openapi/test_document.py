"""The document that the service gives of itself: what schemathesis does not look at.

Examples of everything, and of each only what it may be.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient

from photochrom.jobs.events import EventType, Payload
from photochrom.jobs.record import JobRecord
from service.app import create_app
from service.edge.problems import all_kinds
from service.settings import ServiceSettings
from support.documented import document
from support.queue.queueing import Bench

DOCUMENT = document()
CALLS = [
    (f"{method.upper()} {path}", call)
    for path, calls in DOCUMENT["paths"].items()
    for method, call in calls.items()
]


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = DOCUMENT
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def examples(part: dict[str, Any]) -> list[Any]:
    """What a body or a parameter shows, itself or by its schema."""
    schema = resolved(part.get("schema", {}))
    named = [resolved(example)["value"] for example in part.get("examples", {}).values()]
    own = [part["example"]] if "example" in part else []
    return [*named, *own, *schema.get("examples", ())]


def is_file(body: dict[str, Any]) -> bool:
    """Photographs and zips: no text could stand for their bytes."""
    return resolved(body.get("schema", {})).get("format") == "binary"


def bodies(call: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, body in call.get("requestBody", {}).get("content", {}).items():
        yield f"request {kind}", body
    for status, answer in call["responses"].items():
        for kind, body in resolved(answer).get("content", {}).items():
            yield f"{status} {kind}", body


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_every_call_has_examples_of_all_that_goes_in_and_comes_out(name: str, call: dict[str, Any]) -> None:
    lacking = [where for where, body in bodies(call) if not is_file(body) and not examples(body)]
    assert lacking == [], "add them to service/openapi/samples.py, errors a `sample` in photochrom/errors.py"
    for parameter in call.get("parameters", ()):
        assert examples(parameter) or not parameter.get("required"), (
            f"{parameter['name']}: see samples.PARAMETERS"
        )
    assert call["summary"]
    assert call["description"]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_every_example_is_what_its_schema_allows(name: str, call: dict[str, Any]) -> None:
    shown = [*bodies(call), *((each["name"], each) for each in call.get("parameters", ()))]
    for where, body in shown:
        if "schema" not in body:
            continue
        validator = jsonschema_rs.validator_for({**body["schema"], "components": DOCUMENT["components"]})
        for example in examples(body):
            assert validator.is_valid(example), f"{where}: {example}"


def test_every_code_has_an_example_and_only_where_it_may_come() -> None:
    shown = DOCUMENT["components"]["examples"]
    codes = {kind.code: kind.http_status for kind in all_kinds()}
    assert codes.items() <= {code: example["value"]["status"] for code, example in shown.items()}.items()
    for name, call in CALLS:
        for status, answer in call["responses"].items():
            for body in resolved(answer).get("content", {}).values():
                given = [example["status"] for example in examples(body) if int(status) >= 400]
                assert set(given) <= {int(status)}, name


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(found := node.get("$ref"), str):
            yield found
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from references(part)


def test_every_reference_leads_somewhere() -> None:
    for reference in set(references(DOCUMENT)):
        found: Any = DOCUMENT
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]


def test_every_event_of_webhooks_is_told_with_an_example_that_holds() -> None:
    assert set(DOCUMENT["webhooks"]) == set(EventType)
    for kind, call in DOCUMENT["webhooks"].items():
        example = call["post"]["requestBody"]["content"]["application/json"]["example"]
        assert Payload.model_validate(example).type == kind


def test_every_event_is_shown_as_it_is_sent() -> None:
    for of in ("jobs/{job_id}", "batches/{batch_id}"):
        shown = DOCUMENT["paths"][f"/v1/{of}/events"]["get"]["responses"]["200"]["content"][
            "text/event-stream"
        ]
        kinds = {name: example["value"] for name, example in shown["examples"].items()}
        assert set(kinds) == {"job" if "job" in of else "batch", "deleted"}
        for kind, text in kinds.items():
            lines = dict(line.split(": ", 1) for line in text.strip().splitlines())
            assert lines["event"] == kind
            assert isinstance(json.loads(lines["data"]), dict)
            assert text.endswith("\n\n")


def test_closed_calls_name_their_scope_and_open_ones_none() -> None:
    calls = dict(CALLS)
    assert {"key": ["jobs:write"]} in calls["POST /v1/jobs"]["security"]
    assert {"key": ["jobs:read"]} in calls["GET /v1/jobs"]["security"]
    assert {"key": []} in calls["GET /v1/limits"]["security"]
    assert "security" not in calls["GET /healthz"]
    assert {} in calls["GET /v1/jobs"]["security"]
    asked = create_app(ServiceSettings(auth="keys")).openapi()
    assert {} not in asked["paths"]["/v1/jobs"]["get"]["security"]


def test_a_range_that_is_refused_is_a_problem(
    client: TestClient, bench: Bench, finish: Callable[[str], JobRecord]
) -> None:
    job_id = bench.submit(b"x").id
    finish(job_id)
    response = client.get(f"/v1/jobs/{job_id}/result", headers={"Range": "bytes=50-"})
    assert (response.status_code, response.json()["code"]) == (416, "range-not-satisfiable")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["content-range"] == "bytes */8"
