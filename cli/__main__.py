"""The `photochrom` command: `up`, `colorize`, `batch`, `keys`, `doctor`."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from .commands import app
    except ModuleNotFoundError as missing:
        sys.exit(f"{missing.name} is missing: install photochrom[cpu], photochrom[gpu] or photochrom[cli].")
    app(prog_name="photochrom")


if __name__ == "__main__":
    main()
