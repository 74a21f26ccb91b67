import json
import logging

from prometheus_client.parser import text_string_to_metric_families


def scraped(client) -> dict[tuple[str, frozenset], float]:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def of(found, name, **labels) -> float:
    return found[name, frozenset(labels.items())]


def test_jobs_are_seen_waiting_and_at_their_end(client, photo, finish):
    ids = [client.post("/v1/jobs", files={"photo": photo}).json()["id"] for _ in range(3)]
    waiting = scraped(client)
    assert of(waiting, "photochrom_queue_jobs") == 3
    assert of(waiting, "photochrom_unfinished_jobs", state="queued") == 3
    finish(ids[0])
    found = scraped(client)
    assert of(found, "photochrom_unfinished_jobs", state="queued") == 2
    assert of(found, "photochrom_jobs_total", state="succeeded") == 1
    model = {"model": "photochrom", "version": "1", "provider": "CPUExecutionProvider"}
    assert of(found, "photochrom_photographs_total", **model) == 1
    assert of(found, "photochrom_job_seconds_count", stage="decode") == 1
    assert of(found, "photochrom_job_seconds_bucket", stage="decode", le="0.1") == 1
    assert of(found, "photochrom_job_seconds_bucket", stage="decode", le="0.03") == 0


def test_memory_is_told_of_the_queue_and_of_the_api(client, redis):
    redis.config_set("maxmemory", 123 << 20)
    try:
        found = scraped(client)
    finally:
        redis.config_set("maxmemory", 0)
    assert of(found, "photochrom_queue_memory_limit_bytes") == 123 << 20
    assert 0 < of(found, "photochrom_queue_memory_bytes") < 123 << 20
    assert of(found, "process_resident_memory_bytes") > 10 << 20


def test_requests_are_counted_by_the_call_not_by_the_path(client):
    for number in range(3):
        client.get(f"/v1/jobs/{number}")
        client.get(f"/nothing/{number}")
    found = scraped(client)
    seconds = "photochrom_http_request_seconds_count"
    assert of(found, seconds, method="GET", path="/v1/jobs/{job_id}", status="404") == 3
    assert of(found, seconds, method="GET", path="unknown", status="404") == 3


def test_invented_methods_are_counted_as_one(client):
    for number in range(3):
        client.request(f"INVENTED{number}", "/v1/jobs")
    found = scraped(client)
    seconds = "photochrom_http_request_seconds_count"
    methods = {dict(labels)["method"] for name, labels in found if name == seconds}
    assert "other" in methods
    assert not any(method.startswith("INVENTED") for method in methods)
    assert sum(found[key] for key in found if key[0] == seconds and ("method", "other") in key[1]) == 3


def test_each_request_is_logged_with_its_id_and_no_line_of_the_caller_s(client, caplog):
    with caplog.at_level(logging.INFO, "service.requests"):
        client.get("/v1/jobs/a%0AINFO%20forged", headers={"X-Request-ID": "mine"})
        client.get("/healthz")
    (record,) = [r for r in caplog.records if r.name == "service.requests"]
    assert "\n" not in record.getMessage()
    assert (record.status, record.method) == ("404", "GET")
    assert json.dumps(record.path) == '"/v1/jobs/a%0AINFO%20forged"'
