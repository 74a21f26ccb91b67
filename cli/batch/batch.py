"""`photochrom batch`: colorize a folder through a service; a run can be interrupted and continued at any time."""

import signal
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from photochrom.errors import PhotochromError
from photochrom.photo.options import ColorizeOptions
from photochrom.progress import Count
from photochrom_client import ApiError, Client, ConnectionFailed, Retries

from ..files.outcomes import Report
from ..files.plan import Plan, make_plan
from .ledger import Ledger, held
from .transfers import Transfers
from .uploads import Sender

_CONTACT_PATIENCE = 2.0
_LOCAL = ("http://127.0.0.1", "http://localhost", "http://[::1]")


@dataclass(frozen=True)
class Remote:
    """The service and how to use it."""

    server: str
    api_key: str | None
    transfers: int
    """Photographs under way at once, each way."""
    patience: float
    """Seconds to wait for the service when it does not answer."""


class NothingAnswers(PhotochromError):
    """No service answers at the address."""

    code = "nothing-answers"


class Interrupted(PhotochromError):
    """The run cannot continue now, but can later."""

    code = "interrupted"


def run_batch(
    source: Path,
    target: Path,
    options: ColorizeOptions,
    remote: Remote,
    *,
    overwrite: bool,
    times: bool = False,
) -> int:
    """Colorize `source` into `target`; return the exit code (1 if any photograph failed, 130 after Ctrl-C).

    Raises:
        CannotPlan: source and target do not go together.
        NothingAnswers: there is no service.
        FolderInUse: another run writes into `target`.
        Interrupted: the service or the disk failed for longer than the run may wait.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    plan = make_plan(source, target, options.format, force=overwrite)
    report = Report(plan, target, console)
    if not plan.items:
        return report.sum_up([], finished=True)
    greet(remote)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with held(target):
            return _run(source, target, options, remote, plan, report, times, console)
    except OSError as error:
        raise Interrupted(
            f"{error.filename or target}: {error.strerror}; fix that and run the same command again to continue."
        ) from error


def greet(remote: Remote) -> None:
    """Check first that a service answers, so that a wrong address is reported at once and not after ten minutes."""
    try:
        with Client(
            remote.server, api_key=remote.api_key, timeout=10, retries=Retries(patience=_CONTACT_PATIENCE)
        ) as client:
            client.limits()
    except ConnectionFailed as error:
        local = remote.server.startswith(_LOCAL)
        hint = (
            "start the service with `photochrom up`, or name another with --server"
            if local
            else "check --server (or PHOTOCHROM_SERVER), and that the service runs there"
        )
        raise NothingAnswers(f"Nothing answers at {remote.server}: {hint}. ({error})") from None


def _run(
    source: Path,
    target: Path,
    options: ColorizeOptions,
    remote: Remote,
    plan: Plan,
    report: Report,
    times: bool,
    console: Console,
) -> int:
    ledger = Ledger(target, source, remote.server, options)
    waits = _Waits()
    client = Client(
        remote.server,
        api_key=remote.api_key,
        retries=Retries(patience=remote.patience),
        on_retry=waits.note,
    )
    sender = Sender(client, ledger, source, options)
    with Count(len(plan.items), console=console, transient=True) as count:
        transfers = Transfers(client, ledger, sender, plan.items, width=remote.transfers, times=times)
        try:
            transfers.run(lambda done, note: count.report(done, waits.said() or note))
        except KeyboardInterrupt:
            # A second one ends this process at once: nothing that is left to do would be lost.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            report.interrupted(transfers.outcomes)
            return 130
        except (ApiError, ConnectionFailed) as error:
            raise Interrupted(
                f"{sentence(error)} Run the same command again to continue from here."
            ) from error
        finally:
            transfers.close()
    code = report.sum_up(transfers.outcomes, finished=True)
    if code == 0:
        ledger.forget()
    return code


def sentence(error: PhotochromError) -> str:
    """Return the error's sentence, with the request's id for whoever reads the server's log."""
    said = str(error)
    request_id = getattr(error, "request_id", "")
    return said + (f" (request {request_id})" if request_id else "")


class _Waits:
    """Remembers that a call is being retried, so that the progress display can show it."""

    def __init__(self) -> None:
        self._until = 0.0
        self._said = ""

    def note(self, error: PhotochromError, seconds: float) -> None:
        """Called from any thread."""
        self._said = f"waiting for the service: {error}"
        self._until = time.monotonic() + seconds + 1

    def said(self) -> str:
        """Return the current note; empty when no call is being retried."""
        return self._said if time.monotonic() < self._until else ""
