"""The `photochrom` command: `up`, `colorize`, `batch`, `keys`, `doctor`."""

from .commands import app


def main() -> None:
    """Run the command line."""
    app(prog_name="photochrom")


if __name__ == "__main__":
    main()
