"""The systemd unit of docs/deployment.md names a command that exists, and comes back."""

import configparser
import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from cli.commands import app

DOCUMENT = Path(__file__).parents[2] / "docs" / "deployment.md"


def unit() -> configparser.ConfigParser:
    found = re.search(r"```ini\n(\[Unit\].*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(found[1])
    return parser


def test_the_unit_comes_back_and_is_held_to_a_share_of_the_memory() -> None:
    service = unit()["Service"]
    assert service["Restart"] == "always"
    assert service["MemoryMax"].endswith("G")


def test_the_unit_calls_a_command_with_options_that_it_has() -> None:
    program, command, *options = shlex.split(unit()["Service"]["ExecStart"])
    assert program.endswith("/photochrom")
    told = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}, color=False).output
    assert all(option in told for option in options if option.startswith("--"))
