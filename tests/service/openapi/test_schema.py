"""Schemathesis: calls made from the OpenAPI document, valid and not, never end in a fault of ours.

And every answer is one that the document promises: its status, its media type, its shape.
"""

import random
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.transport.requests import ManagedCookiesSession

from photochrom.access.keys import Scope
from photochrom.jobs.fleet import WorkerStatus
from photochrom.jobs.parts import ModelUsed
from photochrom.jobs.split import Split
from photochrom.photo.options import ColorizeOptions
from photochrom.times import utc_now
from support.documented import calls, document
from support.queue.queueing import Bench, add_item, found, new_batch
from support.servers.keyring import show

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
for kind in ("application/zip", "application/x-tar", "application/gzip"):
    schemathesis.serializer.alias(kind, "application/octet-stream")
# Event streams have no end to wait for; their own tests read them.
CALLS = [(method, path) for method, path in calls() if not path.endswith("/events")]


@pytest.fixture(scope="module")
def schema() -> BaseSchema:
    return schemathesis.openapi.from_dict(document())


@pytest.fixture
def session() -> Iterator[ManagedCookiesSession]:
    """One connection for the calls of a test: to open one and to read the environment is half of a call."""
    with ManagedCookiesSession() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def known(bench: Bench, photo: bytes) -> dict[str, str]:
    """Path parameters that lead somewhere, in a service that has a worker."""
    model = ModelUsed(name="photochrom", version="1", provider="CPUExecutionProvider")
    bench.fleet.beat(
        WorkerStatus(
            name="w",
            host="h",
            pid=1,
            started_at=utc_now(),
            model=model,
            kinds=("photograph", "page"),
            options=tuple(ColorizeOptions.model_fields),
        ),
        600,
    )
    batch_id = new_batch(bench)
    item = add_item(bench, batch_id, "a.jpg", photo)
    page = bench.accept(photo)
    bench.store.change(page.id, lambda job: job.model_copy(update={"split": Split()}))
    found(bench, page.id)
    return {
        "job_id": bench.submit(photo).id,
        "page_id": page.id,
        "batch_id": batch_id,
        "name": item.item or "",
    }


@pytest.mark.parametrize(("method", "path"), CALLS, ids=lambda part: part)
def test_no_call_breaks_the_service_or_its_promises(
    method: str,
    path: str,
    schema: BaseSchema,
    keyed_url: str,
    bench: Bench,
    known: dict[str, str],
    session: ManagedCookiesSession,
) -> None:
    # What `schema.parametrize()` does for every test process while it collects.
    build_operation_test(
        config=schema.config,
        operation=schema[path][method],
        test_func=keeps_its_promises,
        given_kwargs={},
        feedback=FeedbackSources(),
    )(keyed_url=keyed_url, bench=bench, known=known, session=session)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def keeps_its_promises(
    case: Case, keyed_url: str, bench: Bench, known: dict[str, str], session: ManagedCookiesSession
) -> None:
    if random.Random(str(case.path_parameters)).random() < 0.7:
        case.path_parameters = {
            name: known.get(name, given) for name, given in (case.path_parameters or {}).items()
        }
    (case.headers or {}).pop("Prefer", None)  # it would wait for a worker that does not work
    # Nine times of ten with a key that may do all, so that most calls get past the guard.
    key = show(bench, Scope.ADMIN) if random.Random(str(case.body)).random() < 0.9 else {}
    answer = case.call_and_validate(base_url=keyed_url, session=session, headers=key, checks=CHECKS)
    # Every header that the document knows is named by each answer that has it. A method that is not there is answered
    # with 405, OPTIONS with 204.
    told = case.operation.definition.raw["responses"].get(str(answer.status_code))
    named = {*told["headers"]} if told else {"Allow", "X-Request-ID", "RateLimit", "RateLimit-Policy"}
    if case.method.upper() != case.operation.method.upper():
        named.add("Allow")
    known_headers = case.operation.schema.raw_schema["components"]["headers"]
    sent = {name for name in known_headers if name.lower() in answer.headers}
    assert sent <= named, sent - named
