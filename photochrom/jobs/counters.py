"""Counters of jobs over all workers, never reset: kept in Redis, so one scrape of any API sees every machine.

The script that writes a job's end also counts it (see `scripts`), so each end is counted once, whatever crashes. The
counters are one hash of numbers; a field is the JSON of its name and labels, like `["jobs", "succeeded"]`.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import accumulate
from typing import cast

from redis import Redis

from .record import JobRecord

METERS = "meters"
BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, float("inf"))
"""Upper bounds of the histograms' buckets, in seconds."""
WAIT = "wait"
"""The name of the time in the queue, which is shown as the first stage."""


@dataclass(frozen=True)
class Histogram:
    """A histogram of durations."""

    counts: tuple[int, ...]
    """Cumulative counts, one for each bound of `BOUNDS`."""
    seconds: float
    """The sum."""


@dataclass
class Readings:
    """All counters at one moment."""

    jobs: dict[str, int] = field(default_factory=dict)
    """Finished jobs by state."""
    failures: dict[str, int] = field(default_factory=dict)
    """Failed jobs by error code."""
    models: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """Colorized photographs by the model's name, its version, and the provider it ran on."""
    stages: dict[str, Histogram] = field(default_factory=dict)
    """Seconds by stage."""


def of_end(job: JobRecord) -> str:
    """Return what a job that has just finished adds to the counters, as JSON of field and number."""
    added: dict[str, float] = {_field("jobs", job.state): 1}
    if job.error:
        added[_field("failures", job.error.code)] = 1
    if job.model:
        added[_field("models", job.model.name, job.model.version, job.model.provider)] = 1
    # By the clocks of two machines: below zero the sum would go back, and Prometheus would take it for a restart.
    waited = {WAIT: max(0.0, (job.started_at - job.created_at).total_seconds())} if job.started_at else {}
    for stage, seconds in (waited | job.timings).items():
        bucket = next(i for i, bound in enumerate(BOUNDS) if seconds <= bound)
        added[_field("stages", stage, str(bucket))] = 1
        added[_field("seconds", stage)] = round(seconds, 6)
    return json.dumps(added)


def read(redis: Redis) -> Readings:
    """Return the current counters."""
    readings = Readings()
    buckets: dict[str, list[int]] = defaultdict(lambda: [0] * len(BOUNDS))
    sums: dict[str, float] = defaultdict(float)
    for name, value in cast("dict[bytes, bytes]", redis.hgetall(METERS)).items():
        kind, *labels = json.loads(name)
        match kind, labels:
            case "jobs", [state]:
                readings.jobs[state] = int(float(value))
            case "failures", [code]:
                readings.failures[code] = int(float(value))
            case "models", [model, version, provider]:
                readings.models[model, version, provider] = int(float(value))
            case "stages", [stage, bucket]:
                buckets[stage][int(bucket)] = int(float(value))
            case "seconds", [stage]:
                sums[stage] = float(value)
    readings.stages = {
        stage: Histogram(tuple(accumulate(counts)), sums[stage]) for stage, counts in buckets.items()
    }
    return readings


def _field(*parts: str) -> str:
    return json.dumps(parts)
