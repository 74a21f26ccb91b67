"""Folders that lack what some file systems lack, for processes that are started with the environment from here."""

import subprocess
import tempfile
from functools import cache
from pathlib import Path

_SOURCE = Path(__file__).with_name("lacking.c")


def lacking(what: str, folder: Path) -> dict[str, str]:
    """Return the environment in which `folder` lacks `what`: words of `filesystems/lacking.c`."""
    return {"LD_PRELOAD": str(_library()), "FS_LACKS": what, "FS_UNDER": str(folder)}


@cache
def _library() -> Path:
    library = Path(tempfile.mkdtemp(prefix="photochrom-test-")) / "lacking.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, _SOURCE, "-ldl"], check=True)
    return library
