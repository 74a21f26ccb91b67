"""`python -m support.faults NAME [--times N] [--photos M] [--seed S]`: a fault in its long form, and its row.

`make test-faults ARGS='workers --times 100 --photos 500'` is the same; without a name all are done, one by one.
Exit code 1 when a photograph was lost or duplicated, or another law was broken.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from . import child, clock, drain, everything, poison, queue_server, slow_clients, storage, uploads, workers
from .row import HEAD, Row

FAULTS: dict[str, Callable[..., Row]] = {
    "workers": workers.run,
    "everything": everything.run,
    "queue": queue_server.run,
    "uploads": uploads.run,
    "full-disk": partial(storage.run, kind="full"),
    "full-photos": partial(storage.run, kind="full-photos"),
    "read-only": partial(storage.run, kind="read-only"),
    "poison": poison.run,
    **{f"child-{kind}": partial(child.run, kind=kind) for kind in child.STRIKES},
    "clock": clock.run,
    "slow-clients": slow_clients.run,
    "drain": drain.run,
}


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m support.faults", description=__doc__.partition("\n")[0])
    parser.add_argument("fault", nargs="*", metavar="FAULT", help=f"of {', '.join(FAULTS)}; by default all")
    parser.add_argument("--times", type=int, help="how often; by default as in docs/reliability.md")
    parser.add_argument("--photos", type=int, help="among how many photographs; by default as there")
    parser.add_argument("--seed", type=int, default=7, help="of the random moments and kinds (%(default)s)")
    given = parser.parse_args()
    if unknown := set(given.fault) - set(FAULTS):
        parser.error(f"there is no fault {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    chosen = {name: value for name in ("times", "photos") if (value := getattr(given, name)) is not None}
    sys.stdout.write(f"{HEAD}\n")
    rows = [_run(name, {**chosen, "seed": given.seed}) for name in given.fault or FAULTS]
    return 0 if all(row.clean for row in rows) else 1


def _run(name: str, how: dict[str, int]) -> Row:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="photochrom-faults-") as folder:
        row = FAULTS[name](Path(folder), **how)
    row.command = " ".join([name, *(f"--{option} {value}" for option, value in how.items())])
    sys.stdout.write(f"{row}\n")
    sys.stderr.write(f"{name}: seed {how['seed']}, {time.monotonic() - started:.0f} s in all\n")
    sys.stdout.flush()
    return row


if __name__ == "__main__":
    sys.exit(main())
