"""One trace from the caller over the API and the queue to the worker, at a real receiver of OTLP over HTTP."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.networks.tiny_model import light
from support.pictures.photographs import grey_jpeg
from support.servers.ports import free_port
from support.servers.receiver import Receiver, receiver
from support.servers.running import ROOT, Service, service
from support.waiting import wait_for

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
STAGES = {"decode", "predict", "upsample", "encode"}
AT_THE_API = {"store original", "write record", "hand over"}
AT_THE_WORKER = {"wait", "fetch original", "store result", *STAGES}


@dataclass
class Span:
    service: str
    trace: str
    id: str
    parent: str
    name: str
    seconds: float
    told: dict[str, str]


def spans(receiving: Receiver) -> list[Span]:
    found = []
    for request in list(receiving.requests):
        assert request.path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(request.body).resource_spans:
            of = {a.key: a.value.string_value for a in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    told = {a.key: a.value.string_value or str(a.value.int_value) for a in span.attributes}
                    seconds = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9
                    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                    found.append(Span(of["service.name"], *ids, span.name, seconds, told))
    return found


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Receiver]]:
    with receiver(200) as receiving:
        told = {"PHOTOCHROM_TRACES": receiving.url.removesuffix("/hook"), "OTEL_BSP_SCHEDULE_DELAY": "50"}
        with service(tmp_path_factory.mktemp("traced"), **light(), **told) as running:
            yield running, receiving


def sent(running: Service, photo: bytes, sampled: str = "01", trace: str = TRACE) -> str:
    with running.client() as client:
        answer = client.post(
            "/v1/jobs", content=photo, headers={"traceparent": f"00-{trace}-{CALLER}-{sampled}"}
        )
    assert answer.status_code == 202
    return str(answer.json()["id"])


def test_a_photograph_is_one_trace_from_the_caller_to_the_last_stage(traced):
    running, receiving = traced
    job = sent(running, grey_jpeg(size=(96, 64)))
    ended = running.wait(job)

    def whole() -> dict[str, Span] | None:
        seen = {span.name: span for span in spans(receiving) if span.trace == TRACE}
        return seen if seen.keys() >= {"POST /v1/jobs", "restore", *AT_THE_API, *AT_THE_WORKER} else None

    seen = wait_for(whole, 30, "the trace")
    request, restore = seen["POST /v1/jobs"], seen["restore"]
    assert (request.parent, restore.parent) == (CALLER, request.id)
    assert {seen[name].parent for name in AT_THE_API} == {request.id}
    assert {seen[name].parent for name in AT_THE_WORKER} == {restore.id}
    assert (request.service, restore.service) == ("photochrom-api", "photochrom-worker")
    assert request.told["photochrom.job_id"] == restore.told["photochrom.job_id"] == job
    assert request.told["http.response.status_code"] == "202"
    assert request.told["photochrom.request_id"]
    logged = [line for line in running.lines if f"trace_id={TRACE}" in line]
    assert {"service.requests", "workers.jobs.restorer"} <= {
        word.rstrip(":") for line in logged for word in line.split()
    }
    for stage in STAGES:
        assert seen[stage].seconds == pytest.approx(ended["timings"][stage], abs=0.05)


def test_a_failure_names_its_code(traced):
    running, receiving = traced
    trace = TRACE[::-1]
    running.wait(sent(running, grey_jpeg(size=(96, 64))[:300], trace=trace), "failed")

    def failed() -> list[Span]:
        return [span for span in spans(receiving) if span.trace == trace and span.name == "restore"]

    (span,) = wait_for(failed, 30, "the failure")
    assert (span.told["photochrom.state"], span.told["error.type"]) == ("failed", "unreadable-photo")


def test_what_the_caller_does_not_sample_is_not_traced_nor_is_what_asks_for_health(traced):
    running, receiving = traced
    quiet, loud = "1" * 32, "2" * 32
    running.wait(sent(running, grey_jpeg(size=(96, 64)), sampled="00", trace=quiet))
    with running.client() as client:
        client.get("/readyz")
    running.wait(sent(running, grey_jpeg(size=(96, 64)), trace=loud))
    wait_for(
        lambda: any(s.trace == loud and s.name == "restore" for s in spans(receiving)), 30, "the other trace"
    )
    assert not [span for span in spans(receiving) if span.trace == quiet or "readyz" in span.name]


def test_an_invented_method_names_no_span(traced):
    running, receiving = traced
    trace = "3" * 32
    with running.client() as client:
        client.request("INVENTED", "/v1/jobs", headers={"traceparent": f"00-{trace}-{CALLER}-01"})
    (span,) = wait_for(lambda: [span for span in spans(receiving) if span.trace == trace], 30, "the trace")
    assert span.name.startswith("other ")
    assert span.told["http.request.method"] == "other"


def test_a_receiver_that_is_away_stops_nothing(tmp_path: Path) -> None:
    with service(tmp_path, **light(), PHOTOCHROM_TRACES=f"http://127.0.0.1:{free_port()}") as running:
        running.wait(running.upload(grey_jpeg(size=(96, 64))))
        assert running.stop() == 0


@pytest.mark.parametrize("module", ["service", "workers"])
def test_without_opentelemetry_the_start_says_what_to_install(
    tmp_path: Path, redis_url: str, module: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['opentelemetry.sdk'] = None")
    told = {"PHOTOCHROM_TRACES": "http://127.0.0.1:1", "REDIS_URL": redis_url, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == os.EX_CONFIG
    assert "photochrom[tracing]" in run.stderr


def test_who_traces_nothing_pays_for_nothing() -> None:
    # What redis and FastAPI take of it where it is installed is theirs.
    code = "import sys, service.app, workers.worker; print([m for m in sys.modules if m.startswith(%r)])"
    code %= (("opentelemetry.exporter", "opentelemetry.sdk.trace"),)
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.stdout.strip() == "[]", run.stderr
