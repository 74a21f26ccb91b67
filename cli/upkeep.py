"""The commands with which a person looks after what is kept, as `--help` shows them."""

from pathlib import Path
from typing import Annotated

import typer

from .queue_at_hand import Data


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


COMMANDS = (adopt, untrash)
