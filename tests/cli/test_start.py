"""What a command costs before it does anything."""

import subprocess
import sys

from support.servers.running import ROOT


def test_a_command_that_needs_no_queue_loads_no_client_of_one() -> None:
    code = "import sys, cli.commands, cli.files.colorize, workers.local; print(sys.modules.keys() & {'redis', 'rq'})"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.stdout.strip() == "set()", run.stderr
