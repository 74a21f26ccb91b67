"""What the API can be told by environment variables (`PHOTOCHROM_*`)."""

from typing import Annotated

from pydantic import Field

from photochrom.settings import SharedSettings


class ServiceSettings(SharedSettings):
    """The HTTP front end."""

    host: Annotated[str, Field(description="Address to listen on; 0.0.0.0 is all of this machine's.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8000
    cors_origins: Annotated[
        tuple[str, ...],
        Field(description='Origins of pages that may call the API, as a JSON list; ["*"] for all.'),
    ] = ()
    allowed_hosts: Annotated[
        tuple[str, ...],
        Field(
            description="Host names that the API goes by, as a JSON list, beside those of this machine and `host`; "
            '["*"] for any. If none is given, the API takes any when it is bound to all addresses.'
        ),
    ] = ()
    wait_limit: Annotated[float, Field(ge=0, description="Longest `Prefer: wait`, in seconds.")] = 60.0
    max_queued: Annotated[
        int, Field(ge=1, description="Jobs that may wait; further ones get 429 until some are done.")
    ] = 100_000
    max_archive_bytes: Annotated[
        int, Field(gt=0, description="Size of a zip or tar, and of all that is in it together.")
    ] = 20 * 2**30
    max_archive_entries: Annotated[
        int, Field(gt=0, description="Entries of a zip or tar; one with more is refused.")
    ] = 50_000
    shutdown_grace: Annotated[int, Field(ge=0, description="Seconds for open requests at the end.")] = 5
