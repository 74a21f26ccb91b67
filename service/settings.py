"""What the API can be told by environment variables (`PHOTOCHROM_*`)."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, NonNegativeFloat

from photochrom.access.keys import KeyLimits
from photochrom.listening import addresses, is_loopback, open_door
from photochrom.settings import SharedSettings, unset

from .edge.prefixes import joined


def _path(value: str) -> str:
    path = value.rstrip("/")
    if joined(path) != path:
        raise ValueError("it should be a path such as /photochrom")
    return path


def _unlimited(value: object) -> object:
    return None if value in ("", "none") else value


Limit = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_unlimited)]


class ServiceSettings(SharedSettings):
    """The HTTP front end."""

    host: Annotated[
        str,
        Field(
            description="Addresses to listen on, with commas between; 0.0.0.0 is all of IPv4, :: all of IPv4 and IPv6."
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8000
    cors_origins: Annotated[
        tuple[str, ...],
        Field(description='Origins of pages that may call the API, as a JSON list; ["*"] for all.'),
    ] = ()
    iiif_origins: Annotated[
        tuple[str, ...],
        Field(
            description="Origins of pages with IIIF viewers that may read manifests and tiles, and nothing else, as a "
            'JSON list; ["*"] for all. A key is asked for all the same.'
        ),
    ] = ()
    allowed_hosts: Annotated[
        tuple[str, ...],
        Field(
            description="Host names that the API goes by, as a JSON list, beside those of this machine and `host`; "
            '["*"] for any. If none is given, the API takes any when it is bound to all addresses, others than this '
            "machine can reach it and PHOTOCHROM_AUTH is set."
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        Field(
            description="Addresses of reverse proxies, as a JSON list: what they say in X-Forwarded-For, -Proto and "
            "-Prefix is believed, and of nobody else."
        ),
    ] = (ip_network("127.0.0.1"), ip_network("::1"))
    auth: Annotated[
        Literal["keys", "none"] | None,
        BeforeValidator(unset),
        Field(
            description="`keys` asks every caller for an API key; if not set, none, but then only on loopback."
        ),
    ] = None
    publish: Annotated[
        str, Field(description="Where a container's port is published, as `address:port` or `port`.")
    ] = ""
    domain: Annotated[
        str, Field(description="Name that the proxy of docker compose serves; the API goes by it, too.")
    ] = ""
    requests_per_minute: Annotated[
        Annotated[int, Field(ge=1)] | None,
        BeforeValidator(_unlimited),
        Field(description="Requests that the owner of a key may make; `none` for no limit."),
    ] = 6000
    daily_jobs: Annotated[
        Limit,
        Field(
            description="Photographs that the owner of a key may send in a day (UTC); `none` for no limit."
        ),
    ] = 50_000
    daily_bytes: Annotated[Limit, Field(description="Bytes of those photographs; `none` for no limit.")] = (
        500 * 2**30
    )
    daily_pixels: Annotated[Limit, Field(description="Pixels of those photographs; `none` for no limit.")] = (
        10**12
    )
    daily_actions: Annotated[
        Limit,
        Field(
            description="Batches that the owner of a key may begin in a day, test events and replays of webhooks "
            "included; `none` for no limit."
        ),
    ] = 5000
    open_batches: Annotated[
        Annotated[int, Field(ge=1)] | None,
        BeforeValidator(_unlimited),
        Field(
            description="Batches of one owner of keys that may take photographs at a time; `none` for no limit."
        ),
    ] = 1000
    wait_limit: Annotated[float, Field(ge=0, description="Longest `Prefer: wait`, in seconds.")] = 60.0
    max_queued: Annotated[
        int, Field(ge=1, description="Jobs that may wait; further ones get 429 until some are done.")
    ] = 100_000
    max_queued_per_owner: Annotated[
        Annotated[int, Field(ge=1)] | None,
        BeforeValidator(_unlimited),
        Field(
            description="Jobs of one owner that may wait, so that nobody fills the queue alone; `none` for no limit."
        ),
    ] = 30_000
    uploads_at_once: Annotated[
        Annotated[int, Field(ge=1)] | None,
        BeforeValidator(_unlimited),
        Field(
            description="Uploads that one owner of keys may send at a time to one API process; `none` for no limit."
        ),
    ] = 32
    max_archive_bytes: Annotated[
        int, Field(gt=0, description="Size of a zip or tar, and of all that is in it together.")
    ] = 20 * 2**30
    max_archive_entries: Annotated[
        int, Field(gt=0, description="Entries of a zip or tar; one with more is refused.")
    ] = 50_000
    keep_batches: Annotated[
        bool,
        Field(
            description="Let callers have a batch kept until somebody deletes it (`retention: never`), whatever the "
            "times above."
        ),
    ] = False
    public_url: Annotated[
        str,
        Field(
            pattern=r"^(https?://[^\s?#]*[^\s?#/])?$",
            description="Where callers reach the API, for links in webhooks; without it they are paths.",
        ),
    ] = ""
    root_path: Annotated[
        str,
        AfterValidator(_path),
        Field(
            description="Path under which a reverse proxy serves the API, such as `/photochrom`; by default that of "
            "PHOTOCHROM_PUBLIC_URL, or what a trusted proxy says in X-Forwarded-Prefix.",
        ),
    ] = ""
    fetch: Annotated[
        bool, Field(description="Let callers name a photograph by its address instead of sending it.")
    ] = True
    fetch_allow_http: Annotated[bool, Field(description="Let that address be plain http, too.")] = False
    fetch_allowed_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        Field(
            description="Networks that photographs may be fetched from though they are not public, as a JSON list of "
            "CIDRs. Whoever may call the API can read there what is a photograph by its first bytes."
        ),
    ] = ()
    fetch_ports: Annotated[
        tuple[Annotated[int, Field(ge=1, le=65535)], ...],
        Field(
            description="Ports to fetch photographs from, as a JSON list; in the networks above, any port."
        ),
    ] = (443, 80, 8443)
    fetch_timeout: Annotated[
        float, Field(gt=0, le=600, description="Seconds for one photograph to arrive, redirects included.")
    ] = 60.0
    webhook_limit: Annotated[int, Field(ge=0, description="Webhooks that one owner may register.")] = 50
    webhook_allow_http: Annotated[bool, Field(description="Let webhooks go to plain http, too.")] = False
    webhook_allowed_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        Field(
            description="Networks that webhooks may reach though they are not public, as a JSON list of CIDRs: "
            'for receivers at home, such as ["192.168.1.20/32"].'
        ),
    ] = ()
    webhook_ports: Annotated[
        tuple[Annotated[int, Field(ge=1, le=65535)], ...],
        Field(
            description="Ports that webhooks may reach, as a JSON list; in the networks above they may reach any."
        ),
    ] = (443, 80, 8443)
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
    client_timeout: Annotated[
        float,
        Field(
            gt=0,
            description="Seconds for a client to send a request's head, or to go on sending a body or reading an "
            "answer; a body on the whole, an answer in each such time, by 1 KiB/s.",
        ),
    ] = 30.0
    shutdown_grace: Annotated[int, Field(ge=0, description="Seconds for open requests at the end.")] = 5

    @property
    def keys_required(self) -> bool:
        """True when every caller has to show a key."""
        return self.auth == "keys"

    @property
    def prefix(self) -> str:
        """Path under which callers reach the service; "" for none, or where only the proxy knows it."""
        return self.root_path or joined(urlsplit(self.public_url).path)

    @property
    def links_begin(self) -> str:
        """What webhooks put before our paths."""
        return self.public_url or self.prefix

    @property
    def loopback_only(self) -> bool:
        """True where nobody but this machine reaches the service."""
        return all(map(is_loopback, addresses(self._address)))

    @property
    def _address(self) -> str:
        return _published(self.publish) if self.publish else self.host

    def key_limits(self) -> KeyLimits:
        """Return what the owner of a key may take where the key does not say."""
        return KeyLimits(**{name: getattr(self, name) for name in KeyLimits.model_fields})

    def open_door(self) -> str | None:
        """Return why this service must not start: others can reach it, and nobody said that they may.

        Who sets `auth` to `none` has said so: something before the service asks them, or they are friends.
        """
        return None if self.auth is not None else open_door(self._address)


def _published(publish: str) -> str:
    return publish.rpartition(":")[0].strip("[]")
