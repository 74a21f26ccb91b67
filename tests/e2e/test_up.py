"""`photochrom up` itself: it starts fast, stops cleanly, says what is wrong, and loses nothing to kill -9."""

import json
import re
import signal
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from photochrom.processes.valkey import valkey
from support.networks.tiny_model import light
from support.pictures.photographs import grey_jpeg, noise_png
from support.servers.ports import free_port
from support.servers.receiver import receiver
from support.servers.running import Service, command, service
from support.waiting import wait_for

BROKEN_OFF = (
    b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 9000\r\n\r\n"
    b"\xff\xd8\xff\xe0"
)


def running_job(running: Service, photo: bytes) -> str:
    job_id = running.upload(photo)
    running.wait(job_id, state="running")
    return job_id


def waiting_for_a_core(running: Service) -> float:
    """Seconds for which the parts that waited longest were ready to run and had no core: others had them.

    A worker starts its child, which waits by itself: the waits of a line of descent follow one another.
    """
    return max(map(waited, psutil.Process(running.process.pid).children()))


def waited(part: psutil.Process) -> float:
    own = int(Path(f"/proc/{part.pid}/schedstat").read_text().split()[1]) / 1e9
    return own + max(map(waited, part.children()), default=0.0)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("standing") / "data"


@pytest.fixture(scope="module")
def standing(data: Path) -> Iterator[Service]:
    """One for the tests that leave it as it was: whatever they end is started again before they are over."""
    permitted = {
        "PHOTOCHROM_WEBHOOK_ALLOW_HTTP": "true",
        "PHOTOCHROM_WEBHOOK_ALLOWED_NETWORKS": '["127.0.0.0/8"]',
    }
    with service(data, **light(), **permitted) as running:
        yield running


@pytest.mark.alone
def test_it_stops_cleanly_starts_again_fast_and_still_has_the_result(tmp_path: Path) -> None:
    with service(tmp_path) as first:
        job_id = first.upload(grey_jpeg())
        first.wait(job_id)
        result = first.result(job_id)
        family = psutil.Process(first.process.pid).children(recursive=True)
        assert first.stop() == 0
        assert not [process for process in family if process.is_running()]
    with service(tmp_path) as second:
        greeting = next(line for line in second.lines if "is up" in line)
        said = float(re.search(r"after ([\d.]+) s", greeting)[1])
        assert said - waiting_for_a_core(second) < 3, greeting
        assert second.result(job_id) == result


def test_a_worker_killed_in_the_middle_of_a_job_is_replaced_and_the_job_finishes(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        job_id = running_job(running, noise_png(2800))
        for worker in running.workers():
            worker.kill()
        killed = time.monotonic()
        # The job must be taken up again within 15 s; what it takes by itself comes on top.
        wait_for(lambda: running.job(job_id)["attempt"] == 2, 15, "a second attempt")
        job = running.wait(job_id, seconds=60)
        assert time.monotonic() - killed < 60
        assert job["attempt"] == 2


def test_everything_killed_in_the_middle_of_a_job_and_started_again_finishes_it(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        job_id = running_job(running, noise_png(2800))
        family = [
            *psutil.Process(running.process.pid).children(recursive=True),
            psutil.Process(running.process.pid),
        ]
        for process in family:
            process.kill()
        psutil.wait_procs(family, timeout=10)
    with service(tmp_path) as again:
        again.wait(job_id, seconds=60)


def test_children_end_with_a_killed_parent(tmp_path: Path) -> None:
    with service(tmp_path, **light()) as running:
        family = psutil.Process(running.process.pid).children(recursive=True)
        running.process.kill()
        _gone, alive = psutil.wait_procs(family, timeout=30)
        assert not alive


def test_a_sender_of_webhooks_starts_with_the_first_of_them_and_with_the_service_from_then_on(
    tmp_path: Path,
) -> None:
    sender, permitted = "service.webhooks.dispatcher", {"PHOTOCHROM_WEBHOOK_ALLOW_HTTP": "true"}
    with service(tmp_path, **light(), **permitted) as running, running.client() as client:
        running.wait(running.upload(grey_jpeg(size=(96, 64))))
        assert not running.parts(sender)
        assert client.post("/v1/webhooks", json={"url": "https://example.org/hook"}).status_code == 201
        wait_for(lambda: running.parts(sender), 10, "the sender")
        assert running.stop() == 0
    with service(tmp_path, **light(), **permitted) as again:
        wait_for(lambda: again.parts(sender), 10, "the sender")


def test_a_sender_of_webhooks_that_is_killed_is_replaced_and_loses_no_event(standing: Service) -> None:
    with receiver() as to, standing.client() as client:
        webhook = client.post("/v1/webhooks", json={"url": to.url})
        assert webhook.status_code == 201
        wait_for(lambda: standing.parts("service.webhooks.dispatcher"), 10, "the sender")[0].kill()
        job_id = standing.upload(grey_jpeg(size=(96, 64)))
        standing.wait(job_id)
        told = to.wait(1, seconds=30)[0]
        assert json.loads(told.body)["data"]["id"] == job_id
        assert standing.process.poll() is None
        assert client.delete(f"/v1/webhooks/{webhook.json()['id']}").status_code == 204


def test_an_api_that_is_killed_comes_back_where_it_was_and_that_is_said(standing: Service) -> None:
    with standing.client() as client:
        job_id = standing.upload(grey_jpeg(size=(96, 64)))
        (api,) = standing.parts("service")
        api.kill()

        def answers() -> bool:
            with suppress(httpx.HTTPError):
                return client.get(f"/v1/jobs/{job_id}").status_code == 200
            return False

        wait_for(answers, 30, "the API")
        standing.wait(job_id)
        assert standing.process.poll() is None
        assert any("The API ended with code -9; it starts again" in line for line in standing.lines)


def test_it_prints_no_error_for_work_that_is_done_nor_for_callers_who_leave(tmp_path: Path) -> None:
    with service(tmp_path, **light()) as running:
        host, port = urlsplit(running.url).hostname, urlsplit(running.url).port
        running.wait(running.upload(grey_jpeg(size=(96, 64))))
        for said in (b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n", BROKEN_OFF):
            with closing(socket.create_connection((host, port), timeout=30)) as line:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                line.sendall(said)
                if said is not BROKEN_OFF:
                    line.recv(1 << 16)
        # The server ends an idle connection after some seconds: what was to come of the others has come by then.
        with closing(socket.create_connection((host, port), timeout=60)) as idle:
            idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while idle.recv(1 << 16):
                pass
        assert running.stop() == 0
    wrong = [line for line in running.lines if re.search("ERROR|CRITICAL|Traceback|Exception", line)]
    assert not wrong, "".join(running.lines)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_end_is_a_clean_end(tmp_path: Path, how: signal.Signals) -> None:
    with service(tmp_path, **light()) as running:
        assert running.stop(how) == 0


def test_a_folder_of_any_name_may_hold_the_data(tmp_path: Path) -> None:
    home = tmp_path / "My [red]Folder #1 50%?"
    home.mkdir()
    with service(Path("data"), folder=home, **light()) as running:
        running.wait(running.upload(grey_jpeg(size=(96, 64))))
        wait_for(lambda: any(str(home / "data") in line for line in running.lines), 10, "its greeting")


def test_a_taken_port_and_a_taken_folder_are_said(standing: Service, data: Path, tmp_path: Path) -> None:
    port = standing.url.rpartition(":")[2]
    taken_port = command("up", "--port", port, "--data", str(tmp_path / "other"))
    assert "--port" in taken_port.communicate(timeout=30)[0]
    assert taken_port.returncode == 1
    taken_folder = command("up", "--port", str(free_port()), "--data", str(data))
    assert "--data" in taken_folder.communicate(timeout=30)[0]
    assert taken_folder.returncode == 1


@pytest.mark.parametrize("name", ["REDIS_URL", "PHOTOCHROM_REDIS_URL"])
def test_redis_url_switches_to_a_given_server(tmp_path: Path, name: str) -> None:
    with valkey(tmp_path / "mine") as url, service(tmp_path / "data", **light(), **{name: url}) as running:
        assert not (tmp_path / "data" / "queue").exists()
        running.wait(running.upload(grey_jpeg()))


def test_an_unreachable_redis_is_said(tmp_path: Path) -> None:
    process = command(
        "up",
        "--port",
        str(free_port()),
        "--data",
        str(tmp_path),
        REDIS_URL=f"redis://127.0.0.1:{free_port()}",
    )
    said = process.communicate(timeout=90)[0]
    assert process.returncode == 1
    assert "REDIS_URL" in said


@pytest.mark.parametrize("host", ["", "::", "127.0.0.1,::1"])
def test_both_kinds_of_addresses_are_served_at_once(tmp_path: Path, host: str) -> None:
    with service(tmp_path / "data", "--host", host, **light(), PHOTOCHROM_AUTH="none") as running:
        port = running.url.rpartition(":")[2]
        for address in ("127.0.0.1", "[::1]", "localhost"):
            assert httpx.get(f"http://{address}:{port}/readyz").status_code == 200
        taken = command(
            "up", "--host", host, "--port", port, "--data", str(tmp_path / "other"), PHOTOCHROM_AUTH="none"
        )
        assert "--port" in taken.communicate(timeout=60)[0]
        assert taken.returncode == 1


def test_an_open_door_has_to_be_wanted(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "", "127.0.0.1,::"):
        refused = command("up", "--host", host, "--port", str(free_port()), "--data", str(tmp_path))
        said = refused.communicate(timeout=60)[0]
        assert refused.returncode == 1
        assert "PHOTOCHROM_AUTH=keys" in said
        assert not any(tmp_path.iterdir())  # said at once: nothing was started for it


def test_a_service_that_asks_for_keys_says_how_to_make_one(tmp_path: Path) -> None:
    with service(tmp_path, **light(), PHOTOCHROM_AUTH="keys") as running:
        wait_for(lambda: any("photochrom keys create" in line for line in running.lines), 10, "the hint")
        with running.client() as client:
            assert client.get("/v1/jobs").status_code == 401


def test_a_setting_that_does_not_hold_is_said_by_its_name(tmp_path: Path) -> None:
    process = command(
        "up", "--port", str(free_port()), "--data", str(tmp_path), PHOTOCHROM_MAX_PIXELS="a lot"
    )
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "PHOTOCHROM_MAX_PIXELS" in said
