"""Settings that do not hold are named; what they were set to is not shown, for it may be a secret in a wrong place."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from photochrom.settings import UNUSABLE, SharedSettings
from service.settings import ServiceSettings
from support.servers.running import ROOT
from workers.settings import WorkerSettings

SECRET = "topsecret"
MISPLACED = {
    "PHOTOCHROM_S3_ENDPOINT": f"https://AKIA:{SECRET}@minio:9000",
    "PHOTOCHROM_STORAGE": f"s3://key:{SECRET}@bucket",
    "PHOTOCHROM_REDIS_URL": f"redis://:{SECRET}/1@queue:6379/0",
    "REDIS_URL": f"https://:{SECRET}@queue",
    "PHOTOCHROM_TRACES": SECRET,
    "PHOTOCHROM_MAX_ATTEMPTS": SECRET,
    "PHOTOCHROM_INPUT_RETENTION": SECRET,
    "PHOTOCHROM_S3_SECRET_ACCESS_KEY_FILE": f"/nowhere/{SECRET}",
}
OF_THE_API = {
    "PHOTOCHROM_ALLOWED_HOSTS": f'["{SECRET}',
    "PHOTOCHROM_AUTH": SECRET,
    "PHOTOCHROM_PUBLIC_URL": f"ftp://{SECRET}",
    "PHOTOCHROM_TRUSTED_PROXIES": f'["{SECRET}"]',
}


@pytest.mark.parametrize("name", MISPLACED)
@pytest.mark.parametrize("kind", [SharedSettings, ServiceSettings, WorkerSettings])
def test_a_setting_that_does_not_hold_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, kind: type[SharedSettings], name: str
) -> None:
    monkeypatch.setenv(name, MISPLACED[name])
    with pytest.raises(UNUSABLE) as caught:
        kind()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", OF_THE_API)
def test_one_of_the_api_is_not_shown_either(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, OF_THE_API[name])
    with pytest.raises(UNUSABLE) as caught:
        ServiceSettings()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["redis://127.0.0.1", "rediss://:p%2Fw@queue:6380/1", "unix:///run/queue.sock", "unix://@/run/q?db=1"],
)
def test_addresses_of_servers_hold(url: str) -> None:
    assert SharedSettings(redis_url=url).redis_url == url


@pytest.mark.parametrize(
    "command",
    [
        ("service",),
        ("service.webhooks.dispatcher",),
        ("workers", "--single"),
        ("cli", "doctor"),
        ("cli", "up"),
        ("cli", "keys", "list"),
    ],
)
@pytest.mark.parametrize("name", ["PHOTOCHROM_S3_ENDPOINT", "PHOTOCHROM_REDIS_URL"])
def test_no_program_shows_it(command: tuple[str, ...], name: str) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PHOTOCHROM_", "REDIS_"))}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**env, name: MISPLACED[name]},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode != 0
    said = (done.stdout + done.stderr).lower()
    assert SECRET not in said
    assert "traceback" not in said
    assert name.lower().removeprefix("photochrom_") in said


def test_what_is_kept_for_ever_is_called_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOCHROM_RESULT_RETENTION", "never")
    monkeypatch.setenv("PHOTOCHROM_INPUT_RETENTION", "PT2H")
    kept = SharedSettings().retention()
    assert (kept.result, kept.original) == (None, timedelta(hours=2))
