"""libFuzzer in this process, on one target: python -m fuzz.libfuzzer TARGET [OPTIONS OF LIBFUZZER] [FOLDERS]."""

import sys
from importlib import import_module

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

if __name__ == "__main__":
    import atheris

    with atheris.instrument_imports(include=_INSTRUMENTED):
        check = import_module(f"fuzz.{sys.argv[1]}").check
    atheris.Setup(sys.argv[1:], check)
    atheris.Fuzz()
