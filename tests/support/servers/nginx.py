"""Debian's nginx as a process, with the locations that a test, or a document, gives it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..waiting import wait_for
from .ports import free_port

# `make proxy` unpacks one into the virtual environment.
_PATH = f"/usr/sbin:/usr/local/sbin:/usr/bin:{sys.prefix}/nginx/usr/sbin"
_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {locations}
    }}
}}
"""


@contextmanager
def nginx(folder: Path, locations: str) -> Iterator[str]:
    """Serve these locations; yield the address. What nginx has to say against them is the error."""
    program = shutil.which("nginx", path=_PATH)
    if not program:
        raise RuntimeError("No nginx: `make proxy`.")
    port = free_port()
    file = folder / "nginx.conf"
    file.write_text(_CONFIGURATION.format(folder=folder, port=port, locations=locations))
    log = folder / "error.log"
    process = subprocess.Popen([program, "-p", str(folder), "-e", str(log), "-c", str(file)])
    try:

        def ready() -> bool:
            assert process.poll() is None, log.read_text()
            return (folder / "nginx.pid").exists()

        wait_for(ready, 20, "nginx")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)
