"""An audit that got no answer says so; it is not taken for a good one."""

import subprocess
import sys

import pytest

from security.audit import UNANSWERED, WEAK, verdict
from support.servers.running import ROOT

PACKAGES = {"pillow": "13.0.0", "rq": "3.0.0"}
FINE = [{"name": "pillow", "version": "13.0.0", "vulns": []}, {"name": "rq", "version": "3.0.0", "vulns": []}]
HOLE = {"id": "PYSEC-2026-1", "fix_versions": ["13.0.1"], "aliases": [], "description": "a hole"}
ODD = {"name": "pillow", "version": "13.0.0", "vulns": [HOLE]}
SKIPPED = {"name": "rq", "skip_reason": "Dependency not found on PyPI and could not be audited: rq (3.0.0)"}


@pytest.mark.parametrize(
    ("answers", "code", "said"),
    [
        (FINE, 0, "None of 2 packages has a known vulnerability."),
        ([ODD, FINE[1]], WEAK, "pillow 13.0.0: PYSEC-2026-1, fixed in 13.0.1"),
        ([ODD, SKIPPED], WEAK, "NOT AUDITED: 1 of 2 packages (rq)"),
        ([FINE[0], SKIPPED], UNANSWERED, "NOT AUDITED: 1 of 2 packages (rq)"),
        ([], UNANSWERED, "NOT AUDITED: 2 of 2 packages (pillow, rq)"),
    ],
)
def test_the_verdict_is_of_the_answers_that_came(answers: list[dict], code: int, said: str) -> None:
    found, lines = verdict(PACKAGES, answers)
    assert found == code
    assert any(line.startswith(said) for line in lines)


def test_without_a_network_the_command_says_that_nothing_was_audited() -> None:
    """The proxy is a port of this machine on which nobody listens."""
    nobody = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    run = subprocess.run(
        [sys.executable, "-m", "security.audit", "--timeout", "1"],
        cwd=ROOT,
        env={**nobody, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == UNANSWERED, run.stderr
    assert run.stdout.startswith("NOT AUDITED: ")
    assert run.stdout.count("\n") == 1
