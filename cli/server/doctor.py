"""`photochrom doctor`: checks whether this machine can run Photochrom, and says what to do if it cannot."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rich.console import Console
from rich.markup import escape

from photochrom.errors import PhotochromError
from photochrom.photo.options import OutputFormat
from photochrom.processes.cores import usable_cores
from photochrom.processes.valkey import server_binary, valkey
from photochrom.settings import UNUSABLE, SharedSettings
from photochrom.storage.choose import open_storage

from . import children
from .up import CannotStart, locked, shared_settings

_GIBIBYTE = 2**30
_LITTLE_DISK = 2 * _GIBIBYTE
_LITTLE_MEMORY = 2 * _GIBIBYTE
_CHECKUP_SECONDS = 120


class Verdict(StrEnum):
    """The outcome of a check; only `BROKEN` makes the exit code 1."""

    FINE = "fine"
    DOUBTFUL = "doubtful"
    BROKEN = "broken"


_MARKS = {
    Verdict.FINE: "[green]ok  [/]",
    Verdict.DOUBTFUL: "[yellow]note[/]",
    Verdict.BROKEN: "[red]FAIL[/]",
}


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    subject: str
    verdict: Verdict
    detail: str


def examine(data: Path) -> int:
    """Print a line for each check; return 0 if Photochrom can run here, with this data folder, else 1."""
    console = Console(highlight=False, soft_wrap=True)
    worst = 0
    checks: dict[str, Callable[[], list[Finding]]] = {
        "python": check_python,
        "memory": check_memory,
        "disk": lambda: check_disk(data),
        "storage": check_storage,
        "queue": lambda: check_queue(data),
        "model": check_model,
    }
    for subject, check in checks.items():
        for finding in _safely(subject, check):
            console.print(f"{_MARKS[finding.verdict]} {finding.subject:<10} {escape(finding.detail)}")
            worst |= finding.verdict is Verdict.BROKEN
    return worst


def _safely(subject: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return check()
    except PhotochromError as error:
        return [Finding(subject, Verdict.BROKEN, str(error))]


def check_python() -> list[Finding]:
    """Name the interpreter: bug reports are useless without it."""
    version = ".".join(map(str, sys.version_info[:3]))
    return [Finding("python", Verdict.FINE, f"{version}, {_cores()}")]


def _cores() -> str:
    usable, there = usable_cores(), os.cpu_count() or 1
    return f"{usable} cores" if usable == there else f"{usable} of {there} cores"


def check_memory() -> list[Finding]:
    """Compare the machine's memory with what a large scan takes."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    verdict = Verdict.DOUBTFUL if total < _LITTLE_MEMORY else Verdict.FINE
    hint = "; scans over 50 megapixels may not fit" if verdict is Verdict.DOUBTFUL else ""
    return [Finding("memory", verdict, f"{total / _GIBIBYTE:.1f} GiB{hint}")]


def check_disk(data: Path) -> list[Finding]:
    """Check the free space for uploads and results."""
    free = shutil.disk_usage(_nearest(data)).free
    verdict = Verdict.DOUBTFUL if free < _LITTLE_DISK else Verdict.FINE
    hint = "; uploads are refused when it is full" if verdict is Verdict.DOUBTFUL else ""
    return [Finding("disk", verdict, f"{free / _GIBIBYTE:.1f} GiB free{hint}")]


def check_storage() -> list[Finding]:
    """Write to the object store, if one is configured."""
    try:
        settings = SharedSettings()
    except UNUSABLE:
        return []  # reported with the queue
    if not settings.storage:
        return []
    try:
        with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
            open_storage(settings.model_copy(update={"data_dir": Path(folder)})).check_writable()
    except (PhotochromError, OSError) as error:
        return [Finding("storage", Verdict.BROKEN, str(error))]
    return [Finding("storage", Verdict.FINE, f"{settings.storage} can be written")]


def check_queue(data: Path) -> list[Finding]:
    """Reach the Redis server of REDIS_URL, or start the embedded one for a moment where the data will lie."""
    try:
        url = shared_settings().given_redis_url()
    except CannotStart as error:
        return [Finding("settings", Verdict.BROKEN, str(error))]
    if url:
        return [_ping(url)]
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".photochrom-doctor-", dir=_nearest(data)) as folder,
            locked(Path(folder)),
            valkey(Path(folder)),
        ):
            return [Finding("queue", Verdict.FINE, f"embedded server starts ({server_binary().name})")]
    except OSError as error:
        return [
            Finding(
                "queue",
                Verdict.BROKEN,
                f"Cannot write to the data folder {data}: {error.strerror}; choose another with --data.",
            )
        ]


def _nearest(data: Path) -> Path:
    """The data folder, or where it would be made."""
    data = data.resolve()
    return next(folder for folder in (data, *data.parents) if folder.is_dir())


def _ping(url: str) -> Finding:
    try:
        with Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
            persistent = client.info("persistence").get("aof_enabled") == 1
    except (RedisError, ValueError) as error:
        return Finding("queue", Verdict.BROKEN, f"REDIS_URL does not answer: {error}")
    if not persistent:
        return Finding(
            "queue",
            Verdict.DOUBTFUL,
            "REDIS_URL answers without appendonly: accepted jobs are lost when it restarts",
        )
    return Finding("queue", Verdict.FINE, "REDIS_URL answers, append-only file on")


def check_model() -> list[Finding]:
    """Start a process that loads the model and predicts, as a worker does."""
    try:
        checkup = subprocess.run(  # noqa: S603 - our own module
            children.module_command("workers.checkup"),
            env=children.environment({}),
            capture_output=True,
            text=True,
            timeout=_CHECKUP_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [Finding("model", Verdict.BROKEN, f"no prediction within {_CHECKUP_SECONDS} s")]
    if checkup.returncode:
        last_words = checkup.stderr.strip().splitlines()[-1:] or [f"exit code {checkup.returncode}"]
        if last_words[0].startswith("ModuleNotFoundError"):
            return [
                Finding(
                    "model", Verdict.BROKEN, f"{last_words[0]}: install photochrom[cpu] or photochrom[gpu]"
                )
            ]
        return [Finding("model", Verdict.BROKEN, last_words[0])]
    return judge_checkup(json.loads(checkup.stdout))


def judge_checkup(report: dict[str, Any]) -> list[Finding]:
    """Turn what `workers.checkup` found into lines."""
    judged = [_judge_runtimes(report["runtimes"]), _judge_model(report)]
    judged += [*_judge_film(report), *_judge_formats(report)]
    return [*judged, _judge_held(report["held"])] if "held" in report else judged


def _judge_runtimes(runtimes: dict[str, str]) -> Finding:
    named = ", ".join(f"{name} {version}" for name, version in runtimes.items())
    if not runtimes:
        return Finding(
            "runtime", Verdict.BROKEN, "no onnxruntime: install photochrom[cpu] or photochrom[gpu]"
        )
    if len(runtimes) > 1:
        return Finding(
            "runtime",
            Verdict.BROKEN,
            f"{named} overwrite each other: uninstall both, then install photochrom[cpu] or photochrom[gpu]",
        )
    return Finding("runtime", Verdict.FINE, named)


def _judge_model(report: dict[str, Any]) -> Finding:
    if error := report.get("error"):
        return Finding("model", Verdict.BROKEN, error)
    line = f"{report['model']} ({report['precision']}) on {report['provider']}"
    line += f", damage by {report['finder']}" if "finder" in report else ""
    line += f", album pages by album {report['album']}" if "album" in report else ""
    line += f", upright by turner {report['turner']}" if report.get("turner") else ""
    timing = f"{report['seconds']:.2f} s per prediction at {report['side']} px"
    fell_back = "onnxruntime-gpu" in report["runtimes"] and report["provider"] == "CPUExecutionProvider"
    if fell_back:
        return Finding("model", Verdict.DOUBTFUL, f"{line}, not on the GPU: check driver and CUDA; {timing}")
    return Finding("model", Verdict.FINE, f"{line}, {timing}")


def _judge_film(report: dict[str, Any]) -> list[Finding]:
    """Name the model for old film, and say what is missing to choose it."""
    if "film_model" not in report:
        return []
    if not (film := report["film_model"]):
        lacks = "no model for old film: one model colours all; PHOTOCHROM_FILM_MODEL_PATH names another"
        return [Finding("old film", Verdict.DOUBTFUL, lacks)]
    if not report["recognizer"]:
        lacks = f"{film}, only where film=blue or orthochromatic: PHOTOCHROM_RECOGNIZER_PATH names no file"
        return [Finding("old film", Verdict.DOUBTFUL, lacks)]
    return [Finding("old film", Verdict.FINE, f"{film}, chosen by recognizer {report['recognizer']}")]


def _judge_formats(report: dict[str, Any]) -> list[Finding]:
    """Say which formats of results are written; all of those that are listed are read."""
    if "writes" not in report:
        return []
    lacking = sorted({*OutputFormat} - {OutputFormat.SAME, *report["writes"]})
    extras = "".join(f"; {name} needs photochrom[{name}-write]" for name in lacking)
    return [Finding("formats", Verdict.FINE, f"writes {', '.join(report['writes'])}{extras}")]


def _judge_held(held: dict[str, bool]) -> Finding:
    """Report how the process that opens photographs is confined."""
    lacking = [name for name, holds in held.items() if not holds]
    if lacking:
        return Finding("child", Verdict.DOUBTFUL, f"not confined in {', '.join(lacking)}; see SECURITY.md")
    return Finding("child", Verdict.FINE, f"confined in {', '.join(held)}")
