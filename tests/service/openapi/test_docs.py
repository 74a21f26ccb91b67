"""The examples of docs/api.md, run as they stand, against a real server with a real worker."""

import os
import re
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from photochrom.times import utc_now
from photochrom.webhooks.record import new_secret
from service.edge.problems import all_kinds
from support.examples import put_commands
from support.networks.tiny_model import ABLE_CARD, tiny_model
from support.pictures.photographs import PHOTOS, album_page, grey_jpeg
from support.queue.queueing import Bench, workers
from support.servers.keyring import new_key
from support.servers.receiver import make_webhook
from support.servers.running import ROOT

TEXT = (ROOT / "docs" / "api.md").read_text()


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, bench: Bench) -> Iterator[Path]:
    """Where the examples find their photographs; a worker is at work, whose model takes hints and palettes."""
    (tmp_path / "grey.jpg").write_bytes(grey_jpeg(size=(96, 64)))
    (tmp_path / "page.jpg").write_bytes(album_page(quality=50))
    put_commands(tmp_path)
    (tmp_path / "painting.jpg").write_bytes((PHOTOS / "coffee.jpg").read_bytes())
    model = tmp_path / "able.onnx"
    model.write_bytes(tiny_model(ABLE_CARD))
    with workers(bench, model_path=model) as running:
        running.wait_until_alive()
        yield tmp_path


def test_the_examples_work_as_they_are_printed(
    folder: Path, server_url: str, keyed_url: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that show a key are sent to a service that asks for one."""
    _, key = new_key(bench)
    monkeypatch.chdir(folder)
    assert examples("bash")
    for script in examples("bash"):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env={
                **os.environ,
                "URL": keyed_url if "$AUTH" in script else server_url,
                "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
                **bearer_of(key),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert (folder / "grey.png").read_bytes().startswith(b"\x89PNG")
    assert "completed" in (folder / "events.txt").read_text()
    assert list(folder.glob("photochrom-*.zip"))
    for script in examples("python"):
        exec(
            compile(script, "docs/api.md", "exec"),
            {"URL": keyed_url if "KEY" in script else server_url, "KEY": key},
        )
    for made in ("colour.jpg", "step-by-step.jpg", "coloured-3/wedding/2.jpg", "coloured-4/page/2.jpg"):
        assert (folder / made).read_bytes().startswith(b"\xff\xd8\xff")
    assert zipfile.is_zipfile(folder / "album.zip")


def bearer_of(key: str) -> dict[str, str]:
    return {"AUTH": f"Authorization: Bearer {key}"}


def test_every_code_is_in_the_table() -> None:
    missing = {kind.code for kind in all_kinds() if isinstance(kind, type) and f"`{kind.code}`" not in TEXT}
    assert missing == set()


def test_the_verification_that_is_printed_takes_our_signatures_and_no_others() -> None:
    (script,) = (one for one in examples("python") if "def verify" in one)
    scope: dict[str, Any] = {}
    exec(compile(script, "docs/api.md", "exec"), scope)
    verify = scope["verify"]
    webhook, now = make_webhook().rotate(utc_now(), timedelta(days=1)), utc_now()
    stamp = int(now.timestamp())
    signed = {"webhook-id": "evt_1", "webhook-timestamp": str(stamp)}
    given = {**signed, "webhook-signature": webhook.signatures("evt_1", stamp, b"{}", now)}
    for secret in webhook.secrets:
        assert verify(secret.value, given, b"{}")
        assert not verify(secret.value, given, b"{ }")
        assert not verify(secret.value, {**given, "webhook-id": "evt_2"}, b"{}")
        assert not verify(secret.value, given, b"{}", tolerance=-1)
    assert not verify(new_secret().value, given, b"{}")
