"""The commands that run a server and look after its data; they start without what the options of a photograph need."""

from pathlib import Path
from typing import Annotated

import typer

from photochrom.errors import PhotochromError
from photochrom.processes.start import importing

from ..errors import failed
from .upkeep import COMMANDS as UPKEEP

__all__ = ["ALL", "UPKEEP", "doctor", "up"]


def up(
    host: Annotated[
        str,
        typer.Option(
            help="Addresses to listen on, separated by commas; nothing or :: means all, of IPv4 and IPv6."
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    data: Annotated[Path, typer.Option(help="Folder for the queue, the uploads and the results.")] = Path(
        "data"
    ),
    workers: Annotated[int, typer.Option(help="Worker processes.", min=1)] = 1,
) -> None:
    """Start the whole service: queue, worker and API, in one go. Ctrl-C stops it.

    Set REDIS_URL to use a Redis or Valkey server of your own instead of the embedded one.
    """
    with importing():
        from .up import run_service

    try:
        raise typer.Exit(run_service(host=host, port=port, data=data, workers=workers))
    except PhotochromError as error:
        raise failed(error) from None


def doctor(
    data: Annotated[
        Path, typer.Option(help="Data folder that `up` will have.", envvar="PHOTOCHROM_DATA_DIR")
    ] = Path("data"),
) -> None:
    """Check that this machine can run Photochrom, and say what to do if it cannot."""
    from .doctor import examine

    raise typer.Exit(examine(data))


ALL = {command.__name__: command for command in (*UPKEEP, up, doctor)}
