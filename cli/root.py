"""The command without its commands."""

from typing import Annotated

import typer

from photochrom import __version__

from .spelling import Commands


def application() -> typer.Typer:
    """Return `photochrom` with its own options; whoever asks adds commands."""
    app = typer.Typer(
        cls=Commands,
        help="Colour for black-and-white photographs, at full resolution, on your own machine.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,
    )
    app.callback()(_root)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"photochrom {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that come before a command."""
