"""Settings that service and workers must agree on, read from `PHOTOCHROM_*` environment variables."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from .jobs import Retention
from .logs import LogFormat


class SharedSettings(BaseSettings):
    """Where the queue and the files are, and what is refused or forgotten."""

    model_config = SettingsConfigDict(
        env_prefix="PHOTOCHROM_", frozen=True, populate_by_name=True, extra="ignore", protected_namespaces=()
    )

    redis_url: Annotated[
        str,
        Field(
            validation_alias=AliasChoices("PHOTOCHROM_REDIS_URL", "REDIS_URL"),
            description="redis://, rediss:// or unix:// URL of a Redis or Valkey server with append-only file.",
        ),
    ] = "redis://127.0.0.1:6379/0"
    data_dir: Annotated[Path, Field(description="Folder of originals and results.")] = Path("data")
    max_upload_bytes: Annotated[int, Field(gt=0, description="Size of one photograph's file.")] = 256 * 2**20
    max_pixels: Annotated[
        int, Field(gt=0, description="Width times height of one photograph, by its header.")
    ] = 200_000_000
    input_retention: Annotated[
        timedelta, Field(description="How long an original is kept after its job ended (`:retry` needs it).")
    ] = timedelta(hours=24)
    result_retention: Annotated[timedelta, Field(description="How long a result can be downloaded.")] = (
        timedelta(days=7)
    )
    record_retention: Annotated[
        timedelta, Field(description="How long the record outlives the job, for whoever comes back late.")
    ] = timedelta(days=30)
    max_attempts: Annotated[
        int, Field(ge=1, le=10, description="A job that loses its worker this often is given up.")
    ] = 3
    job_timeout: Annotated[int, Field(gt=0, description="Seconds that one photograph may take.")] = 600

    log_format: Annotated[
        LogFormat, Field(description="`text` for people, `json` for machines, one object a line.")
    ] = LogFormat.TEXT

    def retention(self) -> Retention:
        """Return how long the parts of a finished job are kept."""
        return Retention(self.input_retention, self.result_retention, self.record_retention)

    def given_redis_url(self) -> str | None:
        """Return the server that the operator named, or None: the embedded mode then starts its own."""
        return self.redis_url if "redis_url" in self.model_fields_set else None

    def photos_dir(self) -> Path:
        """Return the folder of the storage; the embedded queue has its own beside it."""
        return self.data_dir / "photos"
