import os

from support.queue.queueing import Bench
from support.servers.dispatching import dispatcher
from support.servers.health import asked
from support.waiting import wait_for


def test_a_dispatcher_that_looks_for_work_is_alive_and_none_is_said_so(bench: Bench) -> None:
    check = "service.webhooks.healthcheck"
    nobody = asked(check, bench.redis_url)
    assert nobody.returncode == os.EX_TEMPFAIL
    assert "No dispatcher of webhooks is alive on " in nobody.stderr
    with dispatcher(bench):
        wait_for(
            lambda: asked(check, bench.redis_url).returncode == os.EX_OK,
            30,
            "sign of life",
        )
