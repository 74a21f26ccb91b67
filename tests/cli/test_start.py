"""What a command costs before it does anything."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cli.__main__ import _application
from cli.commands import app
from cli.server.commands import ALL
from support.servers.running import ROOT

LATE = {"redis", "rq", "numpy", "obstore"}


def loaded(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return set(run.stdout.split())


def test_a_command_that_needs_no_queue_loads_no_client_of_one() -> None:
    assert not loaded("import cli.commands, cli.files.colorize, workers.local") & {"redis", "rq"}


@pytest.mark.parametrize("command", [*ALL, "keys"])
def test_a_command_about_the_server_knows_no_options_of_photographs(command: str) -> None:
    found = loaded(f"from cli.__main__ import _application; _application([{command!r}])")
    spared = (
        LATE | {"cli.options", "photochrom.photo.options"} | ({"pydantic"} if command != "keys" else set())
    )
    assert not spared & found


@pytest.mark.parametrize("arguments", [*([name] for name in ALL), ["keys"], ["keys", "create"]])
def test_a_command_that_comes_alone_is_the_one_among_all(arguments: list[str]) -> None:
    alone, among = (
        CliRunner().invoke(one, [*arguments, "--help"], prog_name="photochrom")
        for one in (_application(arguments), app)
    )
    assert alone.exit_code == 0
    assert alone.output == among.output
