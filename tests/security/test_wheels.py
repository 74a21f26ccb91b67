"""The table of wheels, asked of an index on this machine in both forms that indexes answer in."""

import json
import platform
import sys
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from packaging.tags import sys_tags

from security import wheels
from security.wheels import MACHINES, pins, tags

LINUX, ARM, MAC, WINDOWS = MACHINES
FILES = {
    "everywhere": ("everywhere-1.0-py3-none-any.whl", "everywhere-1.0.tar.gz"),
    "compiled": (
        "compiled-2.1-cp311-cp311-manylinux_2_28_x86_64.whl",
        "compiled-2.1-cp39-abi3-manylinux2014_aarch64.manylinux_2_17_aarch64.whl",
        "compiled-2.1-cp39-abi3-macosx_11_0_arm64.whl",
        "compiled-2.1-cp311-cp311-win_amd64.whl",
        "compiled-2.2-cp312-cp312-manylinux_2_28_x86_64.whl",
        "not a wheel.whl",
    ),
    "windows-only": ("windows_only-3.0-py2.py3-none-any.whl",),
}


def hash_of(file: str) -> str:
    return sha256(file.encode()).hexdigest()


class Index(BaseHTTPRequestHandler):
    """PEP 691 or PEP 503, as it is told."""

    def __init__(self, form: str, *rest: object) -> None:
        self.form = form
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        files = FILES[self.path.strip("/").removeprefix("simple/")]
        if self.form == "json":
            kind = "application/vnd.pypi.simple.v1+json"
            body = json.dumps({"files": [{"filename": f, "hashes": {"sha256": hash_of(f)}} for f in files]})
        else:
            kind = "text/html"
            body = "".join(f'<a href="../../packages/{f}#sha256={hash_of(f)}">{f}</a><br>' for f in files)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(params=["json", "html"])
def index(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Index, request.param))
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    entries = []
    for name, version, marker in (
        ("everywhere", "1.0", ""),
        ("compiled", "2.1", ""),
        ("windows-only", "3.0", " ; sys_platform == 'win32'"),
    ):
        hashes = " \\\n".join(f"    --hash=sha256:{hash_of(file)}" for file in FILES[name])
        entries.append(f"{name}=={version}{marker} \\\n{hashes}\n")
    for lock in {lock for machine in MACHINES for lock in machine.locks}:
        (tmp_path / f"{lock}.txt").write_text("".join(entries))
    return tmp_path


def test_every_machine_finds_its_wheel(index: None, locks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert wheels.main(["--locks", str(locks)]) == 0
    said = capsys.readouterr().out.splitlines()[1:]
    assert len(said) == sum(len(machine.locks) for machine in MACHINES)
    assert all(line.endswith("-") for line in said)


def test_a_wheel_that_lacks_is_named_and_sets_the_code(
    index: None, locks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wheels.main(["--locks", str(locks), "--python", "3.12"]) == 1
    said = capsys.readouterr().out.splitlines()[1:]
    lacking = {line for line in said if "compiled 2.1" in line}
    assert {line[:13] for line in lacking} == {"Linux x86_64 ", "Windows x86_6"}


def test_a_wheel_that_came_after_the_lock_does_not_count(index: None, locks: Path) -> None:
    lock = locks / "client.txt"
    lock.write_text(lock.read_text().replace(hash_of(FILES["compiled"][3]), "0" * 64))
    code, lines = wheels.report("3.11", locks)
    assert code == 1
    assert [line[:6] for line in lines if "compiled" in line] == ["Window"]


def test_markers_are_those_of_the_machine() -> None:
    text = (wheels.LOCKS / "service.txt").read_text()
    there = {machine.name: {pin.name for pin in pins(text, machine, "3.11")} for machine in MACHINES}
    assert there[LINUX.name] - there[ARM.name] == {"jpeglib", "setuptools", "wheel"}
    assert there[MAC.name] == there[LINUX.name]
    client = (wheels.LOCKS / "client.txt").read_text()
    names = [{pin.name for pin in pins(client, machine, "3.11")} for machine in (WINDOWS, LINUX)]
    assert names[0] - names[1] == {"colorama"}


def test_tags_are_those_that_pip_takes_here() -> None:
    machine = {"x86_64": LINUX, "aarch64": ARM}[platform.machine()]
    here = {tag for tag in sys_tags() if tag.platform in machine.platforms and tag.interpreter[:2] == "cp"}
    assert here
    assert here <= tags(machine, f"{sys.version_info[0]}.{sys.version_info[1]}")
