"""How a command ends that cannot do what was asked."""

import typer
from rich.console import Console
from rich.markup import escape

from photochrom.errors import PhotochromError

stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def failed(error: PhotochromError) -> typer.Exit:
    """Say the error's sentence on stderr, and return what to raise: exit code 1."""
    stderr.print(f"[bold red]photochrom:[/] {escape(str(error))}")
    return typer.Exit(1)
