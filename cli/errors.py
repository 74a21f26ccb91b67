"""How a command that fails exits."""

import typer
from rich.console import Console
from rich.markup import escape

from photochrom.errors import PhotochromError

stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def failed(error: PhotochromError) -> typer.Exit:
    """Print the error's sentence on stderr, and return what to raise: exit code 1."""
    stderr.print(f"[bold red]photochrom:[/] {escape(str(error))}")
    return typer.Exit(1)
