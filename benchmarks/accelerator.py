"""What the GPU says of itself; without one, what this process takes of the machine's memory."""

import shutil
import subprocess

from workers.network.providers import CUDA
from workers.worker import resident_bytes


def query(*fields: str) -> list[str]:
    """Return what nvidia-smi tells of the first GPU, field by field; nothing where there is none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    asked = [program, f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    run = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False)
    return [field.strip() for field in run.stdout.splitlines()[0].split(",")] if run.returncode == 0 else []


def used_mb(provider: str) -> float:
    """Return MiB in use: of the whole GPU where that is what predicts, else of this process."""
    if provider == CUDA and (found := query("memory.used")):
        return float(found[0])
    return resident_bytes() / 2**20
