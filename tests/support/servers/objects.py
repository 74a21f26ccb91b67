"""SeaweedFS as a process: an S3-compatible server that checks signatures, from a wheel."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.store import S3Store

from photochrom.ids import new_id
from photochrom.settings import SharedSettings
from photochrom.storage.object_storage import ObjectStorage

from ..waiting import wait_for
from .ports import free_port

BUCKET, KEY, SECRET = "photographs", "photochrom", "no-secret-at-all"
WEED = Path(sys.executable).parent / "weed"
_SECONDS = 60
# It has sockets there by the numbers of its ports, whatever TMPDIR says.
_SOCKETS = Path("/tmp")


@dataclass(frozen=True)
class ObjectStore:
    """Where it listens; its keys are good for one bucket, as a service's should be."""

    url: str
    metrics: str = ""
    """Where it shows its meters."""

    def settings(self, folder: Path, **chosen: Any) -> SharedSettings:
        """Settings with a prefix of their own."""
        return SharedSettings(**{**self.chosen(folder), **chosen})

    def chosen(self, folder: Path) -> dict[str, Any]:
        return {
            "data_dir": folder,
            "storage": f"s3://{BUCKET}/{new_id()}",
            "s3_endpoint": self.url,
            "s3_access_key_id": KEY,
            "s3_secret_access_key": SECRET,
            "s3_retry_seconds": 1,
        }

    def environment(self, folder: Path) -> dict[str, str]:
        """The same as environment variables."""
        return {f"PHOTOCHROM_{name.upper()}": str(value) for name, value in self.chosen(folder).items()}

    def storage(self, folder: Path, **chosen: Any) -> ObjectStorage:
        return ObjectStorage(self.settings(folder, **chosen), folder / "scratch")


@contextmanager
def object_store_server(folder: Path, volume_mb: int = 64) -> Iterator[ObjectStore]:
    """Run it with its data in `folder`, in volumes of this size, and make the bucket."""
    identities = [
        _identity("root", "root", "root-secret", ["Admin", "Read", "Write", "List", "Tagging"]),
        _identity("photochrom", KEY, SECRET, [f"{action}:{BUCKET}" for action in ("Read", "Write", "List")]),
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    ports = {name: free_port() for name in ("master", "volume", "filer", "s3")}
    # Its second ports are 10,000 higher unless they are told.
    arguments = [f"-{name}.port={port}" for name, port in ports.items()]
    behind = {name: free_port() for name in ports}
    arguments += [f"-{name}.port.grpc={port}" for name, port in behind.items()]
    metrics = free_port()
    with (folder / "weed.log").open("wb") as log:
        server = subprocess.Popen(
            [
                WEED,
                "-logtostderr=true",
                "server",
                f"-dir={folder}",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-filer",
                "-s3",
                # These have one number each for all servers of a machine.
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                f"-s3.config={folder / 's3.json'}",
                "-volume.preStopSeconds=0",
                f"-master.volumeSizeLimitMB={volume_mb}",
                "-master.telemetry=false",
                f"-metricsPort={metrics}",
                *arguments,
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    try:
        store = ObjectStore(f"http://127.0.0.1:{ports['s3']}", f"http://127.0.0.1:{metrics}/metrics")
        wait_for(lambda: _has_bucket(server, store.url, folder), _SECONDS, "the object store")
        yield store
    finally:
        # It has nothing to save, and would take its time.
        server.kill()
        server.wait()
        for port in (*ports.values(), *behind.values()):
            for socket in _SOCKETS.glob(f"seaweedfs-*-{port}.sock"):
                socket.unlink()


def _identity(name: str, key: str, secret: str, actions: list[str]) -> dict[str, Any]:
    return {"name": name, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}


def _has_bucket(server: "subprocess.Popen[bytes]", url: str, folder: Path) -> bool:
    assert server.poll() is None, (folder / "weed.log").read_text()[-2000:]
    store = S3Store(
        BUCKET,
        endpoint=url,
        region="us-east-1",
        access_key_id="root",
        secret_access_key="root-secret",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
    )
    with suppress(Exception):
        created = obstore.sign(store, "PUT", "", timedelta(seconds=60))
        with suppress(urllib.error.HTTPError):
            urllib.request.urlopen(urllib.request.Request(created, method="PUT")).close()
        obstore.put(store, "made", b"x")
        return True
    return False
