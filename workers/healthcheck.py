"""For containers: `python -m workers.healthcheck` exits with 0 if a worker of this machine sends heartbeats."""

import sys

from photochrom.processes.start import importing

with importing():
    from photochrom.jobs.fleet import Fleet
    from photochrom.processes.healthcheck import tell_health
    from photochrom.settings import SharedSettings


def main() -> int:
    """Ask the queue's server, as the API does."""
    return tell_health(lambda redis, host: Fleet(redis).lives_on(host), "worker", SharedSettings().redis_url)


if __name__ == "__main__":
    sys.exit(main())
