"""For containers: `python -m service.webhooks.healthcheck` exits with 0 if the webhook dispatcher here is alive."""

import sys

from photochrom.processes.start import importing

with importing():
    from photochrom.jobs.fleet import Dispatchers
    from photochrom.processes.healthcheck import tell_health
    from photochrom.settings import SharedSettings


def main() -> int:
    """Ask the queue's server, where the dispatcher sends a heartbeat every few seconds."""
    url = SharedSettings().redis_url
    return tell_health(lambda redis, host: Dispatchers(redis).lives_on(host), "dispatcher of webhooks", url)


if __name__ == "__main__":
    sys.exit(main())
