"""The `photochrom` command: `up`, `colorize`, `batch`, `keys`, `doctor`, and what looks after the data: `backup`..."""

import sys
from typing import TYPE_CHECKING

from photochrom.processes.start import importing

if TYPE_CHECKING:
    from typer import Typer


def _application(arguments: list[str]) -> "Typer":
    """Return the command with the commands that these arguments may ask for."""
    from .root import application
    from .server.commands import ALL

    # The options of a colorization would be most of the start of these.
    if arguments == ["--version"]:
        return application()
    if arguments and arguments[0] in ALL:
        app = application()
        app.command()(ALL[arguments[0]])
        return app
    if arguments and arguments[0] == "keys":
        from .server import keys

        app = application()
        app.add_typer(keys.app, name="keys")
        return app
    from .commands import app

    return app


def main() -> None:
    """Run the command line."""
    try:
        with importing():
            app = _application(sys.argv[1:])
    except ModuleNotFoundError as missing:
        sys.exit(f"{missing.name} is missing: install photochrom[cpu], photochrom[gpu] or photochrom[cli].")
    app(prog_name="photochrom")


if __name__ == "__main__":
    main()
