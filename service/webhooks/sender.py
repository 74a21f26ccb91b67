"""One request of a webhook: signed, bounded in time and size, never redirected, and never through a proxy."""

import asyncio
import logging
import ssl
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpcore

from photochrom import __version__
from photochrom.times import utc_now
from photochrom.webhooks.record import Attempt, Delivery, Webhook

from ..outbound.destinations import PinnedNetwork
from ..outbound.heads import BoundedHead

_log = logging.getLogger(__name__)
# One sentence for every network error; otherwise whoever registers addresses could scan our network.
_CANNOT_CONNECT = "Cannot connect: the address does not answer, has no valid certificate, or is not public."
_RESPONSE_BYTES = 1024
_AGENT = f"Photochrom/{__version__}"
_BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


@dataclass(frozen=True)
class Sender:
    """Sends deliveries. httpcore follows no redirects and reads no proxies from the environment."""

    network: PinnedNetwork
    seconds: float
    tls: ssl.SSLContext

    async def send(self, webhook: Webhook, delivery: Delivery) -> Attempt:
        """Post it once and return the outcome; raises nothing for errors of the other side."""
        at, started = utc_now(), time.monotonic()
        answer = await self._answer(webhook, delivery)
        return answer.model_copy(update={"at": at, "seconds": round(time.monotonic() - started, 3)})

    async def _answer(self, webhook: Webhook, delivery: Delivery) -> Attempt:
        try:
            # One limit for the whole request: each single read could be slow forever.
            async with asyncio.timeout(self.seconds):
                return await self._post(webhook, delivery)
        except (TimeoutError, httpcore.ReadTimeout, httpcore.WriteTimeout) as error:
            return _failed(f"No complete answer within {self.seconds:g} s.", webhook, error)
        except (httpcore.ConnectError, httpcore.TimeoutException, OSError) as error:
            return _failed(_CANNOT_CONNECT, webhook, error)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            return _failed("The connection broke before the answer was complete.", webhook, error)

    @property
    def _extensions(self) -> dict[str, Any]:
        # A host with one dead address must have time for the next.
        return {"timeout": {"connect": self.seconds / 3}}

    async def _post(self, webhook: Webhook, delivery: Delivery) -> Attempt:
        url, body = httpcore.URL(webhook.url), delivery.body.encode()
        head = BoundedHead(self.network.of(webhook.owner))
        connection = httpcore.AsyncHTTPConnection(url.origin, ssl_context=self.tls, network_backend=head)
        async with connection:
            headers = _headers(webhook, delivery, body)
            async with connection.stream(
                "POST", url, headers=headers, content=body, extensions=self._extensions
            ) as response:
                head.is_here()
                return Attempt(
                    at=utc_now(),
                    seconds=0,
                    status=response.status,
                    response=await _beginning(response),
                    retry_after=_retry_after(response),
                )


def _headers(webhook: Webhook, delivery: Delivery, body: bytes) -> dict[bytes | str, bytes | str]:
    now = utc_now()
    timestamp = int(now.timestamp())
    return {
        "Host": urlsplit(webhook.url).netloc,
        "Content-Type": "application/json",
        "User-Agent": _AGENT,
        "Connection": "close",
        "webhook-id": delivery.event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": webhook.signatures(delivery.event_id, timestamp, body, now),
    }


async def _beginning(response: httpcore.Response) -> str:
    """Read only as much as is shown; the rest is not needed."""
    data = b""
    async for chunk in response.aiter_stream():
        data += chunk[: _RESPONSE_BYTES - len(data)]
        if len(data) == _RESPONSE_BYTES:
            break
    return data.decode(errors="replace").replace("\0", "\ufffd")


def _retry_after(response: httpcore.Response) -> float | None:
    if response.status not in _BUSY:
        return None
    given = next((value for name, value in response.headers if name.lower() == b"retry-after"), b"")
    return float(given) if given.isdigit() and len(given) < 8 else None


def _failed(said: str, webhook: Webhook, error: Exception) -> Attempt:
    """Report the outcome to the caller without details; the log has the reason for the operator."""
    _log.info("Webhook %s: %s (%s: %s)", webhook.id, said, type(error).__name__, error)
    return Attempt(at=utc_now(), seconds=0, error=said)
