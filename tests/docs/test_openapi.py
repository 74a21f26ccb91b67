import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "docs" / "openapi.py"


def test_the_committed_document_is_what_the_service_says_of_itself() -> None:
    """A change of the API shows in a review as a change of this file, and nowhere by accident."""
    run = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
