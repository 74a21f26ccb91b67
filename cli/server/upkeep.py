"""The commands with which a person looks after what is kept, as `--help` shows them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from photochrom.errors import PhotochromError

from ..errors import failed
from .queue_at_hand import Data

_Folder = Annotated[Path, typer.Option(help="Data folder of `photochrom up`.")]


def adopt(
    data: Data = Path("data"),
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Say that storage and queue belong together, after one of them was replaced, restored or repaired.

    Until then nothing is taken for left over because no job names it. See docs/deployment.md.
    """
    from . import ownership

    ownership.adopt(data, sure=sure)


def untrash(data: Data = Path("data")) -> None:
    """Take back all files that went to the trash because no job named them: what is there is a day old at most."""
    from . import ownership

    ownership.untrash(data)


def backup(
    target: Annotated[
        Path, typer.Argument(help="A new folder for it, best on another disk.", metavar="TARGET")
    ],
    data: _Folder = Path("data"),
) -> None:
    """Copy the queue and the photographs of `photochrom up` into a new folder; the service may go on meanwhile."""
    from .backup import back_up

    with _failures_said():
        back_up(target, data)


def restore(
    source: Annotated[Path, typer.Argument(help="What `backup` has made.", exists=True, file_okay=False)],
    data: _Folder = Path("data"),
) -> None:
    """Make a new data folder of a backup; `photochrom up` then goes on with its jobs."""
    from .backup import restore as restore_from

    with _failures_said():
        restore_from(source, data)


def repair(data: _Folder = Path("data")) -> None:
    """Cut off the damaged end of the queue's file, where its server does not start; a copy is kept."""
    from .backup import repair as cut_off

    with _failures_said():
        cut_off(data)


@contextmanager
def _failures_said() -> Iterator[None]:
    try:
        yield
    except PhotochromError as error:
        raise failed(error) from None


COMMANDS = (adopt, untrash, backup, restore, repair)
