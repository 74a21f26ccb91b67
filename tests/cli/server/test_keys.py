"""`photochrom keys` as an operator uses it: a process, its words on stdout and stderr."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from photochrom.access.key_store import KeyStore
from photochrom.access.keys import KeyLimits, Scope
from photochrom.webhooks.record import Disabled
from photochrom.webhooks.store import WebhookStore
from support.queue.queueing import Bench
from support.servers.ports import free_port
from support.servers.receiver import make_webhook
from support.servers.running import ROOT


def keys(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PHOTOCHROM_", "REDIS_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "cli", "keys", *arguments],
        cwd=ROOT,
        env={**clean, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_key_is_made_shown_once_listed_and_revoked(bench: Bench) -> None:
    server = {"REDIS_URL": bench.redis_url}
    made = keys("create", "laptop", "--days", "30", "--daily-jobs", "5", **server)
    token = made.stdout.strip()
    assert made.returncode == 0
    assert re.fullmatch(r"phc_[0-9a-z]{10}_[0-9a-z]{32}", token)
    record = KeyStore(bench.redis).authenticate(token)
    assert (record.name, record.scopes) == ("laptop", {Scope.READ, Scope.WRITE})
    assert record.limits == KeyLimits(daily_jobs=5)
    assert record.expires_at is not None
    assert (record.expires_at - record.created_at).days == 30
    listed = keys("list", **server)
    assert record.id in listed.stdout
    assert "laptop" in listed.stdout
    assert token not in listed.stdout
    assert len(listed.stdout.splitlines()) == 2
    assert keys("revoke", record.id, **server).returncode == 0
    assert KeyStore(bench.redis).listed() == []


def test_revoking_a_key_disables_its_webhooks_and_says_which(bench: Bench) -> None:
    server = {"REDIS_URL": bench.redis_url}
    record = KeyStore(bench.redis).authenticate(keys("create", "old", **server).stdout.strip())
    store = WebhookStore(bench.redis)
    its, others = make_webhook(owner=record.owner, key_id=record.id), make_webhook()
    for webhook in (its, others):
        store.create(webhook, limit=9)
    said = keys("revoke", record.id, **server).stdout
    assert its.id in said
    assert others.id not in said
    assert store.get(its.id).disabled is Disabled.KEY_ENDED
    assert store.get(others.id).disabled is None


def test_a_new_key_may_take_the_place_of_an_old_one(bench: Bench) -> None:
    server = {"REDIS_URL": bench.redis_url}
    old = KeyStore(bench.redis).authenticate(keys("create", "old", **server).stdout.strip())
    new = keys("create", "new", "--like", old.id, "--scope", "admin", **server).stdout.strip()
    record = KeyStore(bench.redis).authenticate(new)
    assert (record.owner, record.scopes) == (old.owner, {Scope.ADMIN})
    # The whole key does as an id, for who has nothing else of it.
    assert keys("revoke", new, **server).returncode == 0


@pytest.mark.parametrize("arguments", [("revoke", "none"), ("create", "x", "--like", "none")])
def test_a_key_that_there_is_not_is_said(bench: Bench, arguments: tuple[str, ...]) -> None:
    done = keys(*arguments, REDIS_URL=bench.redis_url)
    assert done.returncode == 1
    assert "There is no key 'none'" in done.stderr
    assert done.stdout == ""


def test_without_a_server_the_embedded_one_is_started_for_the_moment(tmp_path: Path) -> None:
    token = keys("create", "a", "--data", str(tmp_path)).stdout.strip()
    assert token.startswith("phc_")
    assert token[4:14] in keys("list", "--data", str(tmp_path)).stdout
    assert not (tmp_path / "queue" / "address").exists()


def test_a_server_that_does_not_answer_is_said() -> None:
    done = keys("list", REDIS_URL=f"redis://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert "does not answer" in done.stderr
