"""Check every shipped package against PyPI's advisories: python -m security.audit.

Exits with 0 if no vulnerability is known, with 1 if some are, and with 3 if PyPI did not answer: pip-audit alone
reports that as "no known vulnerabilities".
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .shipped import shipped

WEAK, UNANSWERED = 1, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, print the findings, and set the exit code."""
    parser = argparse.ArgumentParser(prog="python -m security.audit", description=__doc__)
    parser.add_argument("--timeout", type=int, default=15, help="seconds for each connection (default 15)")
    timeout = parser.parse_args(arguments).timeout
    packages = shipped()
    code, lines = verdict(packages, _answers(packages, timeout))
    sys.stdout.write("\n".join(lines) + "\n")
    return code


def _answers(packages: dict[str, str], timeout: int) -> list[dict[str, Any]]:
    """Return pip-audit's answer for each package; empty if it could not ask."""
    with tempfile.TemporaryDirectory(prefix="photochrom-audit-") as folder:
        pins = Path(folder) / "shipped.txt"
        pins.write_text("".join(f"{name}=={version}\n" for name, version in sorted(packages.items())))
        command = [
            sys.executable,
            "-m",
            "pip_audit",
            "--requirement",
            str(pins),
            "--no-deps",
            "--disable-pip",
        ]
        command += ["--format", "json", "--progress-spinner", "off", "--timeout", str(timeout)]
        run = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own command
    try:
        return list(json.loads(run.stdout)["dependencies"])
    except (ValueError, KeyError):
        return []


def verdict(packages: dict[str, str], answers: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """Return the exit code and the lines to print for pip-audit's answers."""
    audited = [answer for answer in answers if "skip_reason" not in answer]
    weak = [answer for answer in audited if answer.get("vulns")]
    lines = [
        f"{answer['name']} {answer['version']}: {vuln['id']}, fixed in {', '.join(vuln['fix_versions']) or 'none yet'}"
        for answer in weak
        for vuln in answer["vulns"]
    ]
    missing = sorted(packages.keys() - {answer["name"] for answer in audited})
    if missing:
        few = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        lines.append(
            f"NOT AUDITED: {len(missing)} of {len(packages)} packages ({few}): PyPI's vulnerability service gave "
            "no answer; run this where https://pypi.org can be reached."
        )
    if weak:
        return WEAK, lines
    return (
        (UNANSWERED, lines)
        if missing
        else (0, [f"None of {len(packages)} packages has a known vulnerability."])
    )


if __name__ == "__main__":
    sys.exit(main())
