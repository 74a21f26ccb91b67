"""What the API can be told by environment variables (`PHOTOCHROM_*`)."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import Field, NonNegativeFloat

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
    public_url: Annotated[
        str,
        Field(
            pattern=r"^(https?://[^\s?#]*[^\s?#/])?$",
            description="Where callers reach the API, for links in webhooks; without it they are paths.",
        ),
    ] = ""
    webhook_limit: Annotated[int, Field(ge=0, description="Webhooks that may be registered.")] = 50
    webhook_allow_http: Annotated[bool, Field(description="Let webhooks go to plain http, too.")] = False
    webhook_allowed_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        Field(
            description="Networks that webhooks may reach though they are not public, as a JSON list of CIDRs: "
            'for receivers at home, such as ["192.168.1.20/32"].'
        ),
    ] = ()
    webhook_timeout: Annotated[
        float, Field(gt=0, le=60, description="Seconds for one request, answer included.")
    ] = 15.0
    webhook_retry_delays: Annotated[
        tuple[NonNegativeFloat, ...],
        Field(
            description="Seconds before the second, third, ... attempt, as a JSON list; each is lengthened at random."
        ),
    ] = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
    webhook_patience: Annotated[
        timedelta, Field(description="A webhook that fails for so long without one success is disabled.")
    ] = timedelta(days=5)
    webhook_log_retention: Annotated[timedelta, Field(description="How long deliveries are shown.")] = (
        timedelta(days=7)
    )
    shutdown_grace: Annotated[int, Field(ge=0, description="Seconds for open requests at the end.")] = 5
