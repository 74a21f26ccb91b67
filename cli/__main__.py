"""The `photochrom` command: `up`, `colorize`, `batch`, `keys`, `doctor`, and what looks after the data: `backup`..."""

import sys

from photochrom.processes.start import importing


def main() -> None:
    """Run the command line."""
    try:
        with importing():
            from .commands import app
    except ModuleNotFoundError as missing:
        sys.exit(f"{missing.name} is missing: install photochrom[cpu], photochrom[gpu] or photochrom[cli].")
    app(prog_name="photochrom")


if __name__ == "__main__":
    main()
