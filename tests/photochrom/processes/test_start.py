"""What a process imports, all its starts and restarts wait for."""

import gc
import subprocess
import sys

import pytest

from photochrom.processes.start import importing
from support.servers.running import ROOT

MODELS = {"numpy", "PIL", "cv2", "onnxruntime", "torch"}
WEB = {"fastapi", "starlette", "uvicorn"}
CLIENT = {"httpx"}
QUEUE = {"redis", "rq"}
VALIDATION = {"pydantic", "pydantic_settings"}
SAMPLES = {"service.openapi.samples"}


@pytest.mark.parametrize(
    ("process", "spared"),
    [
        ("cli.server.up", MODELS | WEB | CLIENT | QUEUE | VALIDATION),
        ("workers.supervisor", MODELS | WEB | CLIENT | QUEUE | VALIDATION),
        ("workers.child.__main__", MODELS | WEB | CLIENT | QUEUE | {"pydantic_settings"}),
        ("service.__main__", MODELS | CLIENT | SAMPLES),
        ("service.webhooks.dispatcher", MODELS | WEB | CLIENT),
        ("workers.worker", MODELS | WEB | CLIENT),
    ],
)
def test_a_process_loads_only_what_it_needs(process: str, spared: set[str]) -> None:
    program = f"""
from photochrom.processes.start import importing
with importing():
    import {process}
import sys
print(*sys.modules)
"""
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert process in loaded
    assert not spared & set(loaded)
    assert not [name for name in loaded if name.startswith("opentelemetry.sdk")]


def test_garbage_is_looked_for_again_also_after_a_failure() -> None:
    with importing():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ModuleNotFoundError), importing():
        import no_such_module_of_anybody  # noqa: F401
    assert gc.isenabled()


def test_what_is_hidden_is_found_afterwards() -> None:
    with importing():
        pass
    from opentelemetry.sdk import metrics

    assert metrics.MeterProvider
