"""libFuzzer in this process, on one target: python -m fuzz.libfuzzer TARGET SEEDS [OPTIONS OF LIBFUZZER] [INPUTS].

SEEDS is a folder that does not exist yet; the target's seeds are written there.
"""

import sys
from importlib import import_module
from pathlib import Path

# The code whose branches guide the mutations; C libraries come without the instrumentation that this takes.
_INSTRUMENTED = [
    "fuzz",
    "photochrom",
    "service",
    "workers",
    "PIL",
    "tifffile",
    "imagesize",
    "tarfile",
    "zipfile",
]


def main(target: str, seeds: Path, options: list[str]) -> None:
    """Give this process to libFuzzer, which ends it."""
    import atheris

    with atheris.instrument_imports(include=_INSTRUMENTED):
        module = import_module(f"fuzz.{target}")
    seeds.mkdir(parents=True)
    for number, data in enumerate(module.seeds()):
        (seeds / f"{number:02}").write_bytes(data)
    atheris.Setup([f"fuzz.{target}", *options], module.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
