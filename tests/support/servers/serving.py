"""The API in this process, on a real socket."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from service.app import create_app
from service.edge.connections import patient
from service.settings import ServiceSettings
from support.waiting import wait_for


@contextmanager
def serving(settings: ServiceSettings, port: int = 0) -> Iterator[str]:
    """Serve until the context ends; yield the address."""
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            port=port,
            http=patient(settings.client_timeout),
            log_level="error",
            timeout_graceful_shutdown=1,
            proxy_headers=False,
        )
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        wait_for(lambda: server.started, 10, "the server")
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
