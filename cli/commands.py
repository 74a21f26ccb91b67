"""The commands and their options, as `--help` shows them; each is carried out by a module of its own."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from photochrom.errors import PhotochromError
from photochrom.photo.hints import Hint

from .errors import failed
from .options import (
    DEFAULTS,
    Color,
    Consistency,
    Deskew,
    Film,
    Format,
    Keep,
    Levels,
    Light,
    Mirror,
    Negative,
    OwnColor,
    Pages,
    Quality,
    Repair,
    RepairMask,
    RepairStrength,
    Sepia,
    Split,
    Strength,
    TellNegatives,
    Temperature,
    Times,
    Turn,
    Vividness,
    boxes,
    chosen,
)
from .root import application
from .server import commands as server
from .server import keys

_CUT_HAS_NO_TIME = "What is cut from a scan has no file, and so no time, of its own."

app = application()
app.add_typer(keys.app, name="keys")
for command in (*server.UPKEEP, server.up):
    app.command()(command)


class ClientMissing(PhotochromError):
    """What the client of the API needs is not installed."""

    code = "client-missing"


@app.command()
def colorize(
    source: Annotated[Path, typer.Argument(help="A photograph, or a folder of photographs.", exists=True)],
    target: Annotated[
        str,
        typer.Argument(
            help="Where the result goes: a file, or a folder (also any name that ends in /).",
            metavar="TARGET",
        ),
    ],
    output_format: Format = DEFAULTS.format,
    quality: Quality = DEFAULTS.quality,
    vividness: Vividness = "auto",
    temperature: Temperature = DEFAULTS.temperature,
    strength: Strength = DEFAULTS.strength,
    consistency: Consistency = DEFAULTS.consistency,
    own_color: OwnColor = DEFAULTS.own_color,
    negative: Negative = False,
    tell_negatives: TellNegatives = False,
    turn: Turn = "0",
    mirror: Mirror = DEFAULTS.mirror,
    deskew: Deskew = DEFAULTS.deskew,
    sepia: Sepia = DEFAULTS.sepia,
    light: Light = DEFAULTS.light,
    film: Film = DEFAULTS.film,
    pages: Pages = DEFAULTS.pages,
    repair: Repair = DEFAULTS.repair,
    repair_strength: RepairStrength = DEFAULTS.repair_strength,
    keep: Keep = None,
    repair_mask: RepairMask = None,
    levels: Levels = DEFAULTS.levels,
    color: Color = DEFAULTS.color,
    hint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X,Y,COLOUR",
            help="A spot whose colour is known, for one photograph, such as 0.4,0.3,#a04030: its place as shares of "
            "width and height from the top left, and its colour. Repeat it for more spots.",
        ),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="A colour photograph whose palette is used.", exists=True, dir_okay=False),
    ] = None,
    processes: Annotated[int, typer.Option(help="Processes for a folder; 0 means one per core.", min=0)] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Also colorize photographs whose result is already in TARGET.")
    ] = False,
    times: Times = False,
    split: Split = False,
) -> None:
    """Colorize a photograph or a folder, without a server.

    A folder keeps its inner structure. Photographs whose result is already in TARGET are skipped, so an
    interrupted run continues where it stopped. The exit code is 1 if any photograph failed.

    With --consistency photographs of a folder that show the same thing get the same colours for it, after each
    has been coloured by itself.

    With --split the photographs are first cut out of scanned album pages, as by `photochrom split`, and
    TARGET is a folder.
    """
    from .files.colorize import run_files
    from .files.split import colorize_cut

    options = chosen(
        format=output_format,
        quality=quality,
        vividness=vividness,
        temperature=temperature,
        strength=strength,
        consistency=consistency,
        own_color=own_color,
        negative=negative or (tell_negatives and "auto"),
        turn=turn,
        mirror=mirror,
        deskew=deskew,
        sepia=sepia,
        light=light,
        film=film,
        pages=pages,
        repair=repair,
        repair_strength=repair_strength,
        keep=boxes(keep),
        levels=levels,
        color=color,
        hints=tuple(_hint(text) for text in hint or ()),
    )
    run = partial(
        run_files,
        options=options,
        reference=reference,
        repair_mask=repair_mask,
        processes=processes,
        force=force,
    )
    try:
        if split:
            if times:
                raise typer.BadParameter(_CUT_HAS_NO_TIME, param_hint="--times")
            raise typer.Exit(colorize_cut(source, Path(target), run))
        into_folder = os.path.basename(target) in ("", ".", "..")  # noqa: PTH119 - a Path has lost the slash
        raise typer.Exit(run(source, Path(target), into_folder=into_folder, times=times))
    except PhotochromError as error:
        raise failed(error) from None


@app.command()
def uncolor(
    source: Annotated[Path, typer.Argument(help="A coloured photograph, or a folder of them.", exists=True)],
    target: Annotated[Path, typer.Argument(help="Where the result goes: a file, or a folder.")],
    output_format: Format = DEFAULTS.format,
    quality: Quality = DEFAULTS.quality,
    pages: Pages = DEFAULTS.pages,
    processes: Annotated[int, typer.Option(help="Processes for a folder; 0 means one per core.", min=0)] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Also make results that are already in TARGET.")
    ] = False,
) -> None:
    """Remove the added colour again, without a server.

    From JPEG to JPEG you get the scan's luma back, bit for bit, as a grey JPEG; a note says if the file does not
    prove it. Other formats give back their lightness.
    """
    from .files.colorize import run_files

    options = chosen(format=output_format, quality=quality, pages=pages, uncolor=True)
    try:
        raise typer.Exit(run_files(source, target, options, processes=processes, force=force))
    except PhotochromError as error:
        raise failed(error) from None


@app.command()
def split(
    source: Annotated[
        Path,
        typer.Argument(help="A scan of an album page, or a folder of them.", exists=True, metavar="SCAN"),
    ],
    target: Annotated[
        Path | None,
        typer.Argument(help="Folder for the photographs; not needed for --frames.", metavar="OUT"),
    ] = None,
    frames: Annotated[
        bool,
        typer.Option("--frames", help="Print where the photographs lie, one line of JSON for each file."),
    ] = False,
    use: Annotated[
        Path | None,
        typer.Option(
            help="Cut along these frames: what --frames printed, corrected by hand.",
            exists=True,
            dir_okay=False,
            metavar="FILE",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are already in OUT.")] = False,
) -> None:
    """Cut the photographs out of scanned album pages, without a server.

    Each becomes a file of its own (page-1.jpg, page-2.jpg and so on) in the scan's format, with its depth, profile
    and metadata. A photograph that lies straight is cut without loss, from a JPEG along whole blocks; one that lies
    askew is turned once. All pages of a TIFF are split. A scan that is one photograph is copied as it is.

    To correct the frames: split SCAN --frames > frames.json, edit the file, split SCAN OUT --use frames.json.
    """
    from .files.split import split_files

    try:
        raise typer.Exit(split_files(source, target, frames=use, force=force, show=frames))
    except PhotochromError as error:
        raise failed(error) from None


@app.command()
def verify(
    files: Annotated[list[Path], typer.Argument(help="Photographs.", exists=True, dir_okay=False)],
    trust: Annotated[
        Path | None,
        typer.Option(help="Certificates (PEM) of authorities that you trust.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Print what files state about themselves: how they were made, from what, and whether their signature is valid.

    The exit code is 1 if a signature is not valid, or a file cannot be read.
    """
    from .files.verify import verify as tell_all

    raise typer.Exit(tell_all(files, trust))


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
def batch(
    source: Annotated[
        Path,
        typer.Argument(help="A folder of photographs, or a zip or tar of them.", exists=True, metavar="DIR"),
    ],
    target: Annotated[
        Path, typer.Option("--to", help="Folder for the results, under the same names.", metavar="OUT")
    ],
    server: Annotated[
        str, typer.Option(help="Address of the service.", envvar="PHOTOCHROM_SERVER", metavar="URL")
    ] = "http://127.0.0.1:8000",
    output_format: Format = DEFAULTS.format,
    quality: Quality = DEFAULTS.quality,
    vividness: Vividness = "auto",
    temperature: Temperature = DEFAULTS.temperature,
    strength: Strength = DEFAULTS.strength,
    consistency: Consistency = DEFAULTS.consistency,
    own_color: OwnColor = DEFAULTS.own_color,
    negative: Negative = False,
    tell_negatives: TellNegatives = False,
    turn: Turn = "0",
    mirror: Mirror = DEFAULTS.mirror,
    deskew: Deskew = DEFAULTS.deskew,
    sepia: Sepia = DEFAULTS.sepia,
    light: Light = DEFAULTS.light,
    film: Film = DEFAULTS.film,
    pages: Pages = DEFAULTS.pages,
    repair: Repair = DEFAULTS.repair,
    repair_strength: RepairStrength = DEFAULTS.repair_strength,
    levels: Levels = DEFAULTS.levels,
    color: Color = DEFAULTS.color,
    transfers: Annotated[
        int, typer.Option(help="Photographs to upload, and to download, at the same time.", min=1, max=64)
    ] = 4,
    patience: Annotated[
        float, typer.Option(help="Seconds to wait for a service that has stopped answering.", min=0)
    ] = 600,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace files that are already in OUT, even those that this command did not write.",
        ),
    ] = False,
    times: Times = False,
    names: Annotated[
        str | None,
        typer.Option(
            help="Encoding of names in a zip or tar that do not state it, such as cp866.", metavar="ENCODING"
        ),
    ] = None,
    split: Split = False,
) -> None:
    """Colorize a folder through a running service, on this machine (`photochrom up`) or another.

    Results are written to OUT as they become ready, under the same names and folders. Those that are already
    in OUT are skipped. After Ctrl-C, a crash or a lost connection, run the same command again: it continues
    where it stopped, sends nothing twice and retries what failed. It waits for a service that restarts.

    With --split the photographs are first cut out of scanned album pages: those of page.jpg go to OUT/page/.

    If the service asks for an API key, set the environment variable PHOTOCHROM_API_KEY. The exit code is 1
    if any photograph failed; OUT/photochrom-errors.jsonl then lists them, with the reasons.
    """
    try:
        from .batch.archived import run_archive
        from .batch.batch import Remote, run_batch
    except ModuleNotFoundError as missing:
        raise failed(ClientMissing(f"{missing.name} is missing: pip install 'photochrom[client]'.")) from None

    options = chosen(
        format=output_format,
        quality=quality,
        vividness=vividness,
        temperature=temperature,
        strength=strength,
        consistency=consistency,
        own_color=own_color,
        negative=negative or (tell_negatives and "auto"),
        turn=turn,
        mirror=mirror,
        deskew=deskew,
        sepia=sepia,
        light=light,
        film=film,
        pages=pages,
        repair=repair,
        repair_strength=repair_strength,
        levels=levels,
        color=color,
    )
    remote = Remote(server, os.environ.get("PHOTOCHROM_API_KEY"), transfers, patience)
    try:
        if source.is_file() or split:
            if times and split:
                raise typer.BadParameter(_CUT_HAS_NO_TIME, param_hint="--times")
            run = partial(run_archive, names=names, overwrite=overwrite, split=split)
            raise typer.Exit(run(source, target, options, remote))
        raise typer.Exit(run_batch(source, target, options, remote, overwrite=overwrite, times=times))
    except PhotochromError as error:
        raise failed(error) from None


app.command()(server.doctor)
