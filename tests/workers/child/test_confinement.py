"""What a confined process can no longer do, tried by real ones on this kernel."""

import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.servers.running import ROOT
from workers.child import landlock, seccomp


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder, outside = tmp_path_factory.mktemp("own"), tmp_path_factory.mktemp("outside")
    for name in ("photograph.jpg", "model.onnx"):
        (outside / name).write_bytes(b"private")
    probe = Path(__file__).with_name("probe.py")
    done = subprocess.run(
        [sys.executable, "-P", str(probe), str(folder), str(outside / "photograph.jpg")],
        env={"PYTHONPATH": str(ROOT), "REDIS_URL": "redis://:secret@queue"},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    return dict(json.loads(done.stdout))


def test_every_restriction_holds_on_this_kernel(told: dict[str, Any]) -> None:
    """Linux from 6.2 on has all of them; the machines that run these tests do."""
    assert landlock.version() >= 3
    assert told["held"] == dict.fromkeys(("privileges", "limits", "files", "environment", "network"), True)


def test_nothing_outside_can_be_read_written_reached_or_started(told: dict[str, Any]) -> None:
    allowed = [name for name, met in told["tried"].items() if met == "done"]
    assert allowed == []
    assert set(told["tried"].values()) <= {"PermissionError", "OSError", "ValueError", "BlockingIOError"}


def test_a_thread_that_was_there_before_has_no_network_either(told: dict[str, Any]) -> None:
    assert told["thread"] == "PermissionError"


def test_the_environment_is_empty(told: dict[str, Any]) -> None:
    assert told["environment"] == {}


def test_what_decoding_needs_goes_on(told: dict[str, Any]) -> None:
    assert set(told["may"]) == {"done"}


def run(steps: bytes, machine: str, number: int, argument: int = 0) -> int:
    """What the kernel would answer, by the few instructions that we use."""
    words = {0: number, 4: seccomp._MACHINES[machine][1], 16: argument}
    at = value = 0
    while True:
        code, then, otherwise, constant = struct.unpack_from("=HBBI", steps, at * 8)
        at += 1
        if code == 0x20:
            value = words[constant]
        elif code == 0x06:
            return int(constant)
        else:
            holds = {0x15: value == constant, 0x35: value >= constant, 0x45: bool(value & constant)}[code]
            at += then if holds else otherwise


ALLOW, REFUSE, MISSING = 0x7FFF0000, 0x00050001, 0x00050026


@pytest.mark.parametrize(
    ("machine", "socket", "read", "clone", "clone3", "tgkill"),
    [("x86_64", 41, 0, 56, 435, 234), ("aarch64", 198, 63, 220, 435, 131)],
)
def test_the_filter_of_each_machine(
    machine: str, socket: int, read: int, clone: int, clone3: int, tgkill: int
) -> None:
    steps = seccomp.program(machine, 77)
    assert run(steps, machine, socket) == REFUSE
    assert run(steps, machine, read) == ALLOW
    assert run(steps, machine, clone, 0x3D0F00) == ALLOW  # a thread
    assert run(steps, machine, clone, 0x1200011) == REFUSE  # a process
    assert run(steps, machine, clone3) == MISSING
    assert run(steps, machine, tgkill, 77) == ALLOW
    assert run(steps, machine, tgkill, 1) == REFUSE


def test_the_other_numbers_of_an_intel_processor_are_refused() -> None:
    assert run(seccomp.program("x86_64", 1), "x86_64", 0x40000000 + 41) == REFUSE


def test_a_machine_whose_calls_are_not_known_is_said_not_guessed() -> None:
    with pytest.raises(OSError, match="mips"):
        seccomp.program("mips", 1)
