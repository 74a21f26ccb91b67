"""The client's types say what the server's do: fields of one name have one meaning and one type."""

import pytest
from pydantic import BaseModel

from photochrom_client import models
from service.batches import schemas as batch_schemas
from service.jobs import schemas
from service.operation import schemas as operation_schemas

PAIRS = [
    (models.Job, schemas.JobView),
    (models.Original, schemas.OriginalView),
    (models.Result, schemas.ResultView),
    (models.Model, schemas.ModelName),
    (models.Limits, operation_schemas.LimitsView),
    (models.Allowance, operation_schemas.AllowanceView),
    (models.Quota, operation_schemas.QuotaView),
    (models.JobPage, schemas.JobPage),
    (models.Batch, batch_schemas.BatchView),
    (models.BatchPage, batch_schemas.BatchPage),
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_the_client_expects_nothing_that_the_server_does_not_tell(
    ours: type[BaseModel], theirs: type[BaseModel]
) -> None:
    assert set(ours.model_fields) <= set(theirs.model_fields)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_what_the_client_requires_the_server_always_tells(
    ours: type[BaseModel], theirs: type[BaseModel]
) -> None:
    told = set(theirs.model_json_schema(mode="serialization").get("required", ()))
    assert {name for name, field in ours.model_fields.items() if field.is_required()} <= told


def test_fields_of_a_newer_server_are_passed_over() -> None:
    told = {
        "id": "b",
        "state": "running",
        "url": "/v1/batches/b",
        "total": 1,
        "done": 0,
        "counts": {"queued": 1},
    }
    told |= {"options": {"quality": 5, "grain": 1}, "created_at": "2026-01-01T00:00:00Z", "owner": "me"}
    assert models.Batch.model_validate(told).options.quality == 5
