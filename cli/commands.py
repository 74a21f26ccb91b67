"""The commands and their options, as `--help` shows them; each is carried out by a module of its own."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from photochrom import __version__
from photochrom.errors import PhotochromError
from photochrom.hints import Hint
from photochrom.options import ColorizeOptions, OutputFormat

from . import keys
from .failing import failed

app = typer.Typer(
    help="Colour for black-and-white photographs, at full resolution, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.add_typer(keys.app, name="keys")
_DEFAULTS = ColorizeOptions()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"photochrom {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hold the options that stand before any command."""


@app.command()
def up(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    data: Annotated[Path, typer.Option(help="Folder for the queue, the uploads and the results.")] = Path(
        "data"
    ),
    workers: Annotated[int, typer.Option(help="Worker processes.", min=1)] = 1,
) -> None:
    """Start the whole service: queue, worker and API, in one go. Ctrl-C stops it.

    Set REDIS_URL to use a Redis or Valkey server of your own instead of the embedded one.
    """
    from .up import run_service

    try:
        raise typer.Exit(run_service(host=host, port=port, data=data, workers=workers))
    except PhotochromError as error:
        raise failed(error) from None


@app.command()
def colorize(
    source: Annotated[Path, typer.Argument(help="A photograph, or a folder of photographs.", exists=True)],
    target: Annotated[Path, typer.Argument(help="Where the result goes: a file, or a folder.")],
    output_format: Annotated[
        OutputFormat, typer.Option("--format", help="Format of the results (for one file, its name decides).")
    ] = _DEFAULTS.format,
    quality: Annotated[int, typer.Option(help="Quality of lossy formats, 1 to 100.")] = _DEFAULTS.quality,
    vividness: Annotated[
        float, typer.Option(help="0 faithful, 1 as colourful as real photographs.")
    ] = _DEFAULTS.vividness,
    temperature: Annotated[
        float, typer.Option(help="0.05 to 1: 1 averages all likely colours, lower prefers the likeliest.")
    ] = _DEFAULTS.temperature,
    strength: Annotated[
        float, typer.Option(help="0 to 1: scales the predicted colour.")
    ] = _DEFAULTS.strength,
    sepia: Annotated[float, typer.Option(help="0 to 1: lays the print's own tone over the colours.")] = (
        _DEFAULTS.sepia
    ),
    hint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X,Y,COLOUR",
            help="A spot whose colour is known, for one photograph, such as 0.4,0.3,#a04030: shares of width and "
            "height from the top left. May be given often.",
        ),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="A colour photograph that lends its palette.", exists=True, dir_okay=False),
    ] = None,
    processes: Annotated[int, typer.Option(help="Processes for a folder; 0 for one a core.", min=0)] = 0,
    force: Annotated[bool, typer.Option("--force", help="Colorize again what TARGET already holds.")] = False,
) -> None:
    """Colorize a photograph or a folder, without a server.

    A folder keeps its inner structure. What TARGET already holds is left alone, so a run that was
    interrupted goes on where it stopped. The exit code is 1 if any photograph failed.
    """
    from .colorize import run_files

    try:
        options = ColorizeOptions(
            format=output_format,
            quality=quality,
            vividness=vividness,
            temperature=temperature,
            strength=strength,
            sepia=sepia,
            hints=tuple(_hint(text) for text in hint or ()),
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise typer.BadParameter(first["msg"], param_hint=f"--{first['loc'][0]}") from None
    try:
        raise typer.Exit(
            run_files(source, target, options, reference=reference, processes=processes, force=force)
        )
    except PhotochromError as error:
        raise failed(error) from None


def _hint(text: str) -> Hint:
    """Read `x,y,#rrggbb`."""
    parts = dict(zip(("x", "y", "color"), text.split(",", 2), strict=False))
    try:
        return Hint.model_validate(parts)
    except ValidationError as error:
        first = error.errors()[0]
        raise typer.BadParameter(
            f"{text!r}: {first['msg']}; write it like 0.4,0.3,#a04030", param_hint="--hint"
        ) from None


@app.command()
def doctor() -> None:
    """Check that this machine can run Photochrom, and say what to do where it cannot."""
    from .doctor import examine

    raise typer.Exit(examine())
