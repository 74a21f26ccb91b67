"""Fuzz one target, or all in turn: python -m security.fuzz [TARGET ...] [--runs N] [--seconds S] [--keep FOLDER].

Exits with 0 if nothing was found, and with libFuzzer's code (77 and others) otherwise: the input is then in the folder
as `TARGET-crash-...` (or timeout, oom). Reproduce it with `--input FILE`, fix the fault, and keep the file in
security/fuzz/corpus/TARGET, with which every run begins.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

TARGETS = ("sniffing", "decoding", "colorizing", "unpacking", "metadata")
CORPUS = Path(__file__).parent / "corpus"
# A picture within the limits of `decoding` takes a second and a fifth of this memory; the rest is libFuzzer's own.
_SECONDS_PER_INPUT, _MEMORY_MB = 10, 1200


def main() -> int:
    """Run each target in its own process, because libFuzzer ends the process that it runs in."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="photochrom-fuzz-") as folder:
        codes = [_run(target, arguments, Path(folder)) for target in arguments.targets or TARGETS]
    return max(codes, key=bool)


def _run(target: str, arguments: argparse.Namespace, folder: Path) -> int:
    findings: Path = arguments.keep or Path(tempfile.gettempdir())
    kept = (arguments.keep or folder) / target
    kept.mkdir(parents=True, exist_ok=True)
    options = [
        f"-artifact_prefix={findings}/{target}-",
        f"-timeout={_SECONDS_PER_INPUT}",
        f"-rss_limit_mb={_MEMORY_MB}",
        f"-seed={arguments.seed}",
        f"-max_total_time={arguments.seconds}",
        "-print_final_stats=1",
    ]
    options += [f"-runs={arguments.runs}"] if arguments.runs is not None else []
    seeds = folder / "seeds" / target
    folders = [place for place in (kept, CORPUS / target) if place.exists()]
    inputs = [arguments.input] if arguments.input else [*folders, seeds]
    command = [
        sys.executable,
        "-m",
        "security.fuzz.libfuzzer",
        target,
        str(seeds),
        *options,
        *map(str, inputs),
    ]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own command


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m security.fuzz", description=__doc__)
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (default: all)"
    )
    parser.add_argument("--runs", type=int, help="inputs to try for each target (default: no limit)")
    parser.add_argument("--seconds", type=int, default=0, help="seconds for each target (default: no limit)")
    parser.add_argument("--seed", type=int, default=1, help="of the random mutations (default 1)")
    parser.add_argument("--keep", type=Path, help="folder for inputs that reach new code, and for findings")
    parser.add_argument("--input", type=Path, help="try this file alone")
    arguments = parser.parse_args()
    if unknown := set(arguments.targets) - set(TARGETS):
        parser.error(f"there is no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
