"""The health checks of containers, asked as an engine asks them."""

import os
import subprocess
import sys

from support.servers.running import ROOT


def asked(module: str, redis_url: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m` a health check against this queue's server."""
    env = {**os.environ, "REDIS_URL": redis_url}
    return subprocess.run(
        [sys.executable, "-m", module], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )
