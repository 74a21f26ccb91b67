"""`python -m service`: the API under uvicorn; settings from the environment."""

import os
import resource
import sys
from contextlib import suppress

from photochrom.processes.late_models import late_models
from photochrom.processes.start import importing

with importing(), late_models():
    import uvicorn

    from photochrom import logs, schema, tracing
    from photochrom.errors import DataTooNew, TracingMissing
    from photochrom.listening import listen
    from photochrom.settings import UNUSABLE

    from .app import create_app
    from .edge.connections import patient
    from .settings import ServiceSettings


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    try:
        settings = ServiceSettings()
    except UNUSABLE as error:
        sys.stderr.write(f"{error}\n")
        return os.EX_CONFIG
    if why := settings.open_door():
        sys.stderr.write(f"{why}\n")
        return os.EX_CONFIG
    logs.configure(settings.log_format)
    try:
        schema.check(settings.redis_url, settings.data_dir)
        tracing.configure(settings, "api")
    except (DataTooNew, TracingMissing) as error:
        sys.stderr.write(f"{error}\n")
        return os.EX_CONFIG
    _allow_many_files()
    try:
        sockets = listen(settings.host, settings.port)
    except OSError as error:
        where = f"{settings.host or 'all addresses'}, port {settings.port}"
        sys.stderr.write(f"Cannot listen on {where}: {error.strerror}.\n")
        return os.EX_UNAVAILABLE
    config = uvicorn.Config(
        create_app(settings),
        http=patient(settings.client_timeout),
        log_level="warning",
        timeout_graceful_shutdown=settings.shutdown_grace,
        # `Forwarded` does it, which also looks at the prefix.
        proxy_headers=False,
        server_header=False,
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):  # raised again once it has stopped in order
        server.run(sockets=sockets)
    return 0 if server.started else os.EX_UNAVAILABLE


def _allow_many_files() -> None:
    """Take the most open files that the system lets us: every connection is one, however slow it is."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(main())
