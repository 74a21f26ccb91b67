"""The files of a package on the index that pip is set to use, whichever that is."""

import json
import re
import shlex
import ssl
import subprocess
import sys
import urllib.request
from urllib.parse import unquote

_KINDS = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"
_LINK = re.compile(r'<a [^>]*href="(?:[^"#]*/)?([^"#/]+)#sha256=([0-9a-f]{64})"')
_SECONDS = 60


def index_of_pip() -> tuple[str, ssl.SSLContext]:
    """Return the address of pip's index and what its certificate is checked by; pip names its own default."""
    told = dict(re.findall(r"^\S*?\.?([a-z-]+)=(.+)$", _pip("config", "list"), re.MULTILINE))
    default = re.search(
        r"Base URL of the Python Package.*?\(default\s+(\S+?)\)", _pip("install", "--help"), re.DOTALL
    )
    url = shlex.split(told["index-url"])[0] if "index-url" in told else default and default[1]
    if not url:
        raise LookupError("pip does not say which index it uses; set PIP_INDEX_URL.")
    cert = shlex.split(told["cert"])[0] if "cert" in told else None
    return url.rstrip("/"), ssl.create_default_context(cafile=cert)


def _pip(*arguments: str) -> str:
    command = [sys.executable, "-m", "pip", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - pip


def files_of(name: str, index: str, trust: ssl.SSLContext) -> dict[str, str]:
    """Return the SHA-256 of every file of a package (its normalized name), by file name.

    The index answers in JSON (PEP 691) or in HTML (PEP 503).

    Raises:
        OSError: it does not answer, or does not know the package.
    """
    request = urllib.request.Request(f"{index}/{name}/", headers={"Accept": _KINDS})  # noqa: S310 - pip's index
    with urllib.request.urlopen(request, timeout=_SECONDS, context=trust) as answer:  # noqa: S310
        body = answer.read().decode()
        if "json" not in answer.headers.get_content_type():
            return {unquote(file): sha256 for file, sha256 in _LINK.findall(body)}
    return {file["filename"]: file["hashes"].get("sha256", "") for file in json.loads(body)["files"]}
