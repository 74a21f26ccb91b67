"""The dispatcher of webhooks as a process, told to send to this machine and to be quick about trying again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from support.queue.queueing import Bench
from support.servers.running import ROOT

SETTINGS = {
    "PHOTOCHROM_WEBHOOK_ALLOW_HTTP": "true",
    "PHOTOCHROM_WEBHOOK_ALLOWED_NETWORKS": '["127.0.0.0/8"]',
    "PHOTOCHROM_WEBHOOK_RETRY_DELAYS": "[0.1, 0.1]",
    "PHOTOCHROM_WEBHOOK_TIMEOUT": "5",
}


@contextmanager
def dispatcher(bench: Bench, **settings: object) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `python -m service.webhooks.dispatcher`; settings without their prefix, e.g. `webhook_timeout=1`."""
    given = {f"PHOTOCHROM_{name.upper()}": str(value) for name, value in settings.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "service.webhooks.dispatcher"],
        cwd=ROOT,
        env={**os.environ, "REDIS_URL": bench.redis_url, **SETTINGS, **given},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
