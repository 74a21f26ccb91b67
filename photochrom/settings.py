"""Settings that service and workers must agree on, read from `PHOTOCHROM_*` environment variables."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from .as_json import AsJson
from .logs import LogFormat
from .times import Retention

_HTTP = r"^(https?://[^\s/?#@]+/?)?$"
# Raised if a setting is not valid; neither shows the value, which may be a password in the wrong place.
UNUSABLE = (ValidationError, SettingsError)


def _server_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"redis", "rediss", "unix"} and (parts.port or True)
    except ValueError:
        known = False
    if not known:
        # The client's own message would show the part that it cannot parse.
        raise ValueError(
            "give a redis://, rediss:// or unix:// URL, with /, ?, # and @ of a password as %2F, ..."
        )
    return url


def unset(value: object) -> object:
    """Take an empty text for nothing: docker compose passes what is not set on as one."""
    return None if value == "" else value


def _never(value: object) -> object:
    return None if value == "never" else value


Kept = Annotated[timedelta | None, BeforeValidator(_never)]
"""A time after which something is deleted; None is never."""


class SharedSettings(AsJson, BaseSettings):
    """Where the queue and the files are, and the limits and retention times."""

    model_config = SettingsConfigDict(
        env_prefix="PHOTOCHROM_",
        frozen=True,
        populate_by_name=True,
        extra="ignore",
        protected_namespaces=(),
        hide_input_in_errors=True,
    )

    redis_url: Annotated[
        str,
        AfterValidator(_server_url),
        Field(
            validation_alias=AliasChoices("PHOTOCHROM_REDIS_URL", "REDIS_URL"),
            description="redis://, rediss:// or unix:// URL of a Valkey server, or Redis from 7 on, "
            "with append-only file.",
        ),
    ] = "redis://127.0.0.1:6379/0"
    data_dir: Annotated[Path, Field(description="Folder of originals and results.")] = Path("data")
    storage: Annotated[
        str,
        Field(
            pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?)?$",
            description="s3://bucket/prefix for an object store; by default the data folder is used.",
        ),
    ] = ""
    s3_endpoint: Annotated[
        str, Field(pattern=_HTTP, description="Address of an S3-compatible store; Amazon's own by default.")
    ] = ""
    s3_public_endpoint: Annotated[
        str, Field(pattern=_HTTP, description="Its address for callers, in links, where that is another one.")
    ] = ""
    s3_region: Annotated[str, Field(description="Its region; most stores but Amazon's take any.")] = (
        "us-east-1"
    )
    s3_access_key_id: Annotated[
        str, Field(description="By default what AWS_* variables or the machine's role give.")
    ] = ""
    s3_secret_access_key: Annotated[SecretStr, Field(description="Or in a file, below.")] = SecretStr("")
    s3_secret_access_key_file: Annotated[
        FilePath | None,
        BeforeValidator(lambda given: given or None),
        Field(description="A file that holds the secret, as container secrets are."),
    ] = None
    s3_link_seconds: Annotated[
        int, Field(ge=1, le=604_800, description="How long a link to a result holds.")
    ] = 300
    s3_retry_seconds: Annotated[
        float,
        Field(ge=0, description="How long a failed call to the store is retried."),
    ] = 10.0
    min_free_bytes: Annotated[
        Annotated[int, Field(ge=0)] | None,
        BeforeValidator(unset),
        Field(
            description="Bytes of the disk that uploads, and what is cut out of pages, leave free for photographs at "
            "work: below it uploads get 507; by default 5 % of the disk, at most 2 GiB."
        ),
    ] = None
    max_upload_bytes: Annotated[int, Field(gt=0, description="Size of one photograph's file.")] = 256 * 2**20
    max_pixels: Annotated[
        int,
        Field(
            gt=0,
            description="Width times height of one photograph, by its header; no side may have over 1,000,000.",
        ),
    ] = 200_000_000
    input_retention: Annotated[
        Kept,
        Field(
            description="How long an original is kept after its job ended (`:retry` needs it), `never` to delete none; "
            "half an hour at most where the photograph itself is at fault."
        ),
    ] = timedelta(hours=24)
    result_retention: Annotated[
        Kept, Field(description="How long a result can be downloaded, `never` to delete none.")
    ] = timedelta(days=7)
    record_retention: Annotated[
        Kept,
        Field(
            description="How long the record outlives the job, for whoever comes back late, `never` to delete none."
        ),
    ] = timedelta(days=30)
    max_attempts: Annotated[
        int, Field(ge=1, le=10, description="A job that loses its worker this often fails.")
    ] = 3
    job_timeout: Annotated[int, Field(gt=0, description="Seconds that one photograph may take.")] = 600

    log_format: Annotated[
        LogFormat, Field(description="`text` for people, `json` for machines, one object per line.")
    ] = LogFormat.TEXT

    traces: Annotated[
        str,
        Field(
            pattern=_HTTP,
            description="Where an OpenTelemetry receiver takes OTLP over HTTP, as http://otel-collector:4318; by "
            "default nothing is traced. Needs the extra `tracing`.",
        ),
    ] = ""
    trace_share: Annotated[
        float,
        Field(
            ge=0, le=1, description="Share of the requests that are traced, where the caller did not decide."
        ),
    ] = 1.0

    def retention(self) -> Retention:
        """Return how long the parts of a finished job are kept."""
        return Retention(self.input_retention, self.result_retention, self.record_retention)

    def given_redis_url(self) -> str | None:
        """Return the server that the operator named, or None: the embedded mode then starts its own."""
        return self.redis_url if "redis_url" in self.model_fields_set else None

    def s3_secret(self) -> str:
        """Return the secret key."""
        if self.s3_secret_access_key_file is not None:
            return self.s3_secret_access_key_file.read_text().strip()
        return self.s3_secret_access_key.get_secret_value()

    def scratch_dir(self) -> Path:
        """Return the folder of temporary files."""
        return self.data_dir / "scratch"

    def photos_dir(self) -> Path:
        """Return the folder of the storage; the embedded queue has another beside it."""
        return self.data_dir / "photos"
