"""Models that are built when they are first used are those that would have been built at once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from photochrom.processes.late_models import late_models
from support.servers.running import ROOT


def is_built(model: type[BaseModel]) -> bool:
    return model.__pydantic_complete__


def test_the_first_use_builds_a_model_in_whatever_threads_it_comes() -> None:
    with late_models():

        class Part(BaseModel):
            size: Annotated[int, Field(ge=1)]

        class Whole(BaseModel):
            parts: tuple[Part, ...]

    assert not is_built(Part)
    assert not is_built(Whole)
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda size: Whole.model_validate({"parts": [{"size": size}]}), range(1, 65)))
    assert [whole.parts[0].size for whole in made] == list(range(1, 65))
    with pytest.raises(ValidationError):
        Part(size=0)
    assert TypeAdapter(list[Part]).validate_json('[{"size": 2}]') == [Part(size=2)]


def test_models_that_are_defined_afterwards_are_built_at_once_also_after_a_failure() -> None:
    with pytest.raises(ModuleNotFoundError), late_models():
        import no_such_module_of_anybody  # noqa: F401

    class Later(BaseModel):
        size: int

    assert is_built(Later)
    assert "defer_build" not in Later.model_config


@pytest.mark.parametrize(
    ("process", "unused"),
    [
        ("service.__main__", "fastapi.openapi.models.Components service.webhooks.schemas.NewWebhook"),
        ("service.webhooks.dispatcher", "photochrom.webhooks.record.Webhook"),
        ("workers.child.__main__", "workers.child.messages.Done workers.child.messages.Found"),
    ],
)
def test_a_start_builds_no_model_that_it_does_not_use(process: str, unused: str) -> None:
    program = f"""
import {process}
from pydantic import BaseModel
def all_of(kind):
    return [found for one in kind.__subclasses__() for found in (one, *all_of(one))]
print(*[f"{{one.__module__}}.{{one.__qualname__}}" for one in all_of(BaseModel) if not one.__pydantic_complete__])
"""
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(unused.split()) <= set(run.stdout.split())
