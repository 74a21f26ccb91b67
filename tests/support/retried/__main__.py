"""`python -m support.retried [FINDING ...]`: try findings again on services that run; `make retried` is the same.

Prints a table; exit code 1 where a finding holds again.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from . import access, deleting, full, names, photographs, standards, surfaces, wire
from .finding import FINDINGS, HEAD, outcome
from .ways import Ways

ALL = (access, deleting, full, names, photographs, standards, surfaces, wire)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m support.retried", description=__doc__.partition("\n")[0])
    parser.add_argument("finding", nargs="*", metavar="FINDING", help="such as F5 or C1; by default all")
    asked = parser.parse_args().finding
    if unknown := set(asked) - set(FINDINGS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(ordered())}")
    held = True
    sys.stdout.write(f"{HEAD}\n")
    with tempfile.TemporaryDirectory(prefix="photochrom-retried-") as folder, ExitStack() as stack:
        ways = Ways(Path(folder), stack)
        for name in asked or ordered():
            found = outcome(FINDINGS[name], ways)
            held = held and found.held
            sys.stdout.write(f"{found}\n")
            sys.stdout.flush()
    return 0 if held else 1


def ordered() -> list[str]:
    """Return the names as the report has them: F1 to F24, then C1 to C13, then S1 to S3."""
    return sorted(FINDINGS, key=lambda name: ("FCS".index(name[0]), int(name[1:])))


if __name__ == "__main__":
    sys.exit(main())
