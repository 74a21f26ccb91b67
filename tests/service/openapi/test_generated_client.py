"""A client that a generator makes of the served document uploads, polls and downloads."""

import importlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from photochrom.jobs.record import JobRecord

PACKAGE = "generated_photochrom"
# It knows no wildcards and few types; each of these stands beside one that it does know.
UNKNOWN = r"application/(gzip|x-tar|zip)|image/\*"
Generated = Callable[[str], Any]


@pytest.fixture
def folder(server_url: str, tmp_path: Path) -> Path:
    """What the generator makes, once it has said nothing that a caller would miss."""
    document = tmp_path / "openapi.json"
    document.write_bytes(httpx.get(f"{server_url}/openapi.json", timeout=60).content)
    made = subprocess.run(
        [
            *(sys.executable, "-c", "from openapi_python_client.cli import app; app()", "generate"),
            *("--path", str(document), "--meta", "none"),
            *("--output-path", str(tmp_path / PACKAGE)),
        ],
        # It formats what it made by the ruff that it finds.
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    said = re.findall(
        r"^(?:Unsupported content type (\S+)|(?:Cannot|Unable|ERROR).*)$", made.stdout, re.MULTILINE
    )
    assert all(re.fullmatch(UNKNOWN, kind) for kind in said), made.stdout
    return tmp_path / PACKAGE


@pytest.fixture
def generated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Generated]:
    """Modules of the client, by their names in it."""
    monkeypatch.syspath_prepend(str(folder.parent))
    yield lambda name: importlib.import_module(f"{PACKAGE}.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def test_every_call_is_generated_and_returns_what_it_is_for(generated: Generated, folder: Path) -> None:
    described = json.loads((folder.parent / "openapi.json").read_bytes())["paths"]
    calls = [call for path in described.values() for call in path.values()]
    modules = [path for path in (folder / "api").glob("*/*.py") if path.stem != "__init__"]
    assert len(modules) == len(calls)
    for module in modules:
        generated(f"api.{module.parent.name}.{module.stem}")
        # One call does nothing but lead to another.
        assert re.search(r"response\.status_code == (20\d|303)", module.read_text()), module


def test_it_uploads_polls_and_downloads(
    generated: Generated, server_url: str, photo: bytes, finish: Callable[..., JobRecord]
) -> None:
    types, jobs = generated("types"), "api.jobs"
    client = generated("client").AuthenticatedClient(
        base_url=server_url, token="none", raise_on_unexpected_status=True
    )
    create = generated(f"{jobs}.create_job_v1_jobs_post").sync
    read = generated(f"{jobs}.read_job_v1_jobs_job_id_get").sync
    download = generated(f"{jobs}.download_result_v1_jobs_job_id_result_get").sync
    original = generated(f"{jobs}.download_original_v1_jobs_job_id_original_get").sync
    form = generated("models").CreateJobV1JobsPostFilesBody
    for body in (
        types.File(payload=io.BytesIO(photo)),
        form(photo=types.File(payload=io.BytesIO(photo), file_name="grey.jpg", mime_type="image/jpeg")),
    ):
        job = create(client=client, body=body)
        assert read(job.id, client=client).state == "queued"
        finish(job.id)
        assert read(job.id, client=client, prefer="wait=1").state == "succeeded"
        assert download(job.id, client=client).payload.read() == b"coloured"
        assert original(job.id, client=client).payload.read() == photo
    refused = read("01kb3v9m5w8xw7z4y2q6c1n0ra", client=client)
    assert (refused.status, refused.code) == (404, "job-not-found")


def test_it_reads_options_that_are_a_word_or_a_value(generated: Generated) -> None:
    options = generated("models").ColorizeOptions
    for told in (
        {"vividness": 0.7, "negative": True, "turn": 90},
        {"vividness": "auto", "negative": "auto", "turn": "auto"},
    ):
        assert options.from_dict(told).to_dict().items() >= told.items()
