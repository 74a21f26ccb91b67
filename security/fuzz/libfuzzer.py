"""libFuzzer on one target, in this process: python -m security.fuzz.libfuzzer TARGET SEEDS [OPTIONS] [INPUTS].

SEEDS is a folder that does not exist yet; the target's seeds are written there.
"""

import sys
from importlib import import_module
from pathlib import Path

# The code whose branches guide the mutations; C libraries lack the instrumentation for this.
_OURS = ["security.fuzz", "photochrom", "service", "workers"]
_OTHERS = ["PIL", "tifffile", "imagesize", "tarfile", "zipfile"]
# A run this short learns nothing from the branches of other packages, and instrumenting them takes longer than the run.
_SHORT = "-runs="


def main(target: str, seeds: Path, options: list[str]) -> None:
    """Run libFuzzer in this process; it ends the process."""
    import atheris

    short = any(option.startswith(_SHORT) for option in options)
    with atheris.instrument_imports(include=_OURS if short else _OURS + _OTHERS):
        module = import_module(f"security.fuzz.{target}")
    seeds.mkdir(parents=True)
    for number, data in enumerate(module.seeds()):
        (seeds / f"{number:02}").write_bytes(data)
    atheris.Setup([f"security.fuzz.{target}", *options], module.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
