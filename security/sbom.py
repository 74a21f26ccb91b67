"""Write the SBOM (CycloneDX 1.6, JSON) of what is shipped: python -m security.sbom [--out FILE].

It lists each package with version, licence, package URL and dependencies. The same installation gives the same bytes.
C libraries inside the wheels (libjpeg-turbo, OpenJPEG, ...) are not listed separately, because the wheels do not list
them.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from .shipped import PROJECT, shipped


def bill() -> dict[str, Any]:
    """Return the bill: cyclonedx-py's of the whole environment, without what is not shipped."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", str(PROJECT)]
    command += ["--output-reproducible", "--no-validate", "--of", "JSON", "-o", "-", sys.executable]
    run = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own command
    whole = json.loads(run.stdout)
    names = shipped().keys()
    kept = [part for part in whole["components"] if canonicalize_name(part["name"]) in names]
    known = {part["bom-ref"] for part in (*kept, whole["metadata"]["component"])}
    needs = [
        {**entry, "dependsOn": sorted(known.intersection(entry.get("dependsOn", ())))}
        for entry in whole["dependencies"]
        if entry["ref"] in known
    ]
    return {**whole, "components": kept, "dependencies": needs}


def main() -> int:
    """Write the SBOM and print a summary."""
    parser = argparse.ArgumentParser(prog="python -m security.sbom", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("sbom.json"), help="file to write (default sbom.json)"
    )
    out: Path = parser.parse_args().out
    found = bill()
    out.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    sys.stdout.write(f"{out}: {len(found['components'])} packages, CycloneDX {found['specVersion']}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
