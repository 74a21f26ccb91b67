"""Reads the GPU's state; without a GPU, the memory of this process."""

import shutil
import subprocess

from workers.network.providers import CUDA
from workers.worker import resident_bytes


def query(*fields: str) -> list[str]:
    """Return the fields that nvidia-smi reports for the first GPU; empty where there is none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    asked = [program, f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    run = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False)
    return [field.strip() for field in run.stdout.splitlines()[0].split(",")] if run.returncode == 0 else []


def used_mb(provider: str) -> float:
    """Return MiB in use: of the whole GPU if it predicts, else of this process."""
    if provider == CUDA and (found := query("memory.used")):
        return float(found[0])
    return resident_bytes() / 2**20
