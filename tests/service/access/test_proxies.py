"""What a proxy says of its callers is believed of the proxies that are named, and of nobody else."""

import os
import subprocess
import sys

import httpx
import pytest

from support.servers.keyring import show
from support.servers.ports import free_port
from support.servers.running import ROOT
from support.waiting import wait_for


@pytest.mark.parametrize(
    ("trusted", "secure"), [('["127.0.0.0/8"]', True), ('["172.16.254.2"]', False), ("[]", False)]
)
def test_https_is_believed_of_a_named_proxy_alone(bench, trusted, secure):
    headers = show(bench) | {"X-Forwarded-Proto": "https"}
    port = free_port()
    told = {
        "REDIS_URL": bench.redis_url,
        "PHOTOCHROM_DATA_DIR": str(bench.data),
        "PHOTOCHROM_PORT": str(port),
        "PHOTOCHROM_AUTH": "keys",
        "PHOTOCHROM_TRUSTED_PROXIES": trusted,
    }
    server = subprocess.Popen([sys.executable, "-m", "service"], cwd=ROOT, env={**os.environ, **told})
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(url), 30, "the server")
        cookie = httpx.post(f"{url}/v1/session", headers=headers).headers["set-cookie"]
        assert ("Secure" in cookie) is secure
    finally:
        server.terminate()
        server.wait(timeout=30)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False
