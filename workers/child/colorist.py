"""Asks a child for one photograph after another, and has another child where a photograph ends one."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from photochrom.errors import ModelRejected, PhotochromError
from photochrom.photo.frames import Frame
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.series import Series

from ..failures import OutOfMemory, PhotoCrashed
from ..settings import WorkerSettings
from ..signing import CannotSign, SigningKey
from . import messages
from .answers import ChildBroken, Colored, Made, Pieces, Refused, Seen, Stumbled
from .messages import (
    CHUNK,
    Broken,
    CutUp,
    Done,
    Event,
    Failed,
    Found,
    FoundPage,
    Ready,
    Request,
    Setup,
    Sign,
    Signature,
    Stage,
    Stopped,
    Turn,
    Which,
)
from .process import Child
from .start import Started

__all__ = ["ChildBroken", "Colored", "Colorist", "FoundPage", "Made", "Pieces", "Refused", "Seen", "Stumbled"]

# Of its heartbeat's seconds, as the supervisor judges a worker.
_HANG_HEARTBEATS = 2.0
# A child may be ended while it starts, by whoever was after the one before.
_STARTS = 3


def _ignore(stage: str) -> None:
    """Hear of a stage and do nothing."""


class Colorist:
    """A child with a loaded model, and the next one as soon as that is lost; for one thread at a time."""

    def __init__(self, settings: WorkerSettings, threads: int, started: Started | None = None) -> None:
        """Start a child, or go on with one whose process was started already; `ready` waits for it."""
        self._signing: SigningKey | None = None
        self._cannot_sign = ""
        if settings.sign_certificate is not None:
            try:
                self._signing = SigningKey(settings.sign_certificate, settings.sign_key)
            except CannotSign as error:
                self._cannot_sign = str(error)
        self._setup = Setup.of(
            settings,
            threads,
            certificate=self._signing.chain if self._signing else "",
            algorithm=self._signing.algorithm if self._signing else "",
        )
        self._hang = _HANG_HEARTBEATS * settings.heartbeat_ttl
        self._busy, self._left, self._greeted = False, 0, False
        self._told: Ready | None = None
        self._child = Child(self._setup, self._hang, started=started)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    @property
    def told(self) -> Ready:
        """What the child, or the one before it, told of its model; `ready` comes first."""
        assert self._told is not None
        return self._told

    def greets(self, seconds: float) -> bool:
        """Wait so long for the child; return whether `ready` knows at once what became of it."""
        return self._greeted or bool(self._cannot_sign) or self._child.speaks(seconds)

    def ready(self) -> Ready:
        """Wait until the child has its model; return what it tells of it, and of what confines it.

        Raises:
            ModelRejected: the model cannot be used.
            ChildBroken: one child after another ended instead.
        """
        if self._cannot_sign:
            raise ChildBroken(self._cannot_sign)
        for _ in range(_STARTS - 1):
            with suppress(ChildBroken):
                return self._greeting()
            self._replace()
        return self._greeting()

    def _greeting(self) -> Ready:
        if not self._greeted:
            try:
                told = self._child.hear()
            except PhotochromError as error:
                raise ChildBroken(f"The process that opens photographs does not start: {error}") from error
            if not isinstance(told, Ready):
                raise ModelRejected(told.detail if isinstance(told, Broken) else "The model gives no answer.")
            self._told, self._greeted = told, True
        return self.told

    def close(self) -> None:
        """End the child."""
        self._child.end()

    @contextmanager
    def colorize(
        self,
        original: Path,
        options: ColorizeOptions,
        reference: Path | None = None,
        *,
        repair_mask: Path | None = None,
        on_stage: Callable[[str], None] = _ignore,
        preview_side: int = 0,
        series: Series | None = None,
    ) -> Iterator[Colored]:
        """Colorize the file `original`; the result is taken within the context.

        Args:
            original: the file.
            options: what the caller asked for.
            reference: a file whose palette is followed.
            repair_mask: an image that says where to repair and what to keep.
            on_stage: called as each stage begins; may raise to stop.
            preview_side: longest side of the previews in pixels; 0 makes none.
            series: the photographs that it belongs to, with how its colours are moved towards theirs.

        Raises:
            Refused: the photograph is at fault.
            Stumbled, PhotoCrashed, PhotoHung, OutOfMemory: another attempt may bring it through.
            ChildBroken, ModelRejected: no child comes up any more.
            OSError: a file cannot be opened.
        """
        request = Request(
            task="colorize",
            options=options,
            preview_side=preview_side,
            reference=reference is not None,
            repair_mask=repair_mask is not None,
            series=series,
        )
        with self._asked(request, (original, reference, repair_mask), on_stage) as told:
            if not isinstance(told, Done):
                raise PhotoCrashed
            self._expect(sum(told.sizes.values()))
            yield Colored(told, self._read)

    @contextmanager
    def suggest(
        self,
        original: Path,
        options: ColorizeOptions,
        reference: Path | None = None,
        network: Which | None = None,
    ) -> Iterator[Made]:
        """Find likely colours for hints, by the network that made the result; raises as `colorize` does."""
        request = Request(task="suggest", options=options, reference=reference is not None, network=network)
        with self._made(request, (original, reference)) as made:
            yield made

    @contextmanager
    def tile(self, picture: Path, options: ColorizeOptions, angle: float = 0.0) -> Iterator[Made]:
        """Make the tiles of a picture that lies askew by `angle`, turned as the options wish; raises as `colorize`."""
        with self._made(Request(task="tile", options=options, angle=angle), (picture,)) as made:
            yield made

    @contextmanager
    def _made(self, request: Request, files: tuple[Path | None, ...]) -> Iterator[Made]:
        with self._asked(request, files, _ignore) as told:
            if not isinstance(told, messages.Made):
                raise PhotoCrashed
            self._expect(told.size)
            yield Made(told.size, self._read)

    def find(self, original: Path) -> tuple[FoundPage, ...]:
        """Find the photographs on each page of a file; raises as `colorize` does."""
        with self.look(original) as seen:
            return seen.told.pages

    @contextmanager
    def look(self, original: Path, preview_side: int = 0) -> Iterator[Seen]:
        """Find the photographs on each page of a file, and make previews; raises as `colorize` does."""
        request = Request(task="find", options=ColorizeOptions(), preview_side=preview_side)
        with self._asked(request, (original,), _ignore) as told:
            if not isinstance(told, Found):
                raise PhotoCrashed
            self._expect(sum(told.previews))
            yield Seen(told, self._read)

    @contextmanager
    def cut(self, original: Path, frames: Sequence[Sequence[Frame]]) -> Iterator[Pieces]:
        """Cut the photographs in these frames out of each page of a file; raises as `colorize` does."""
        asked = tuple(tuple(page) for page in frames)
        request = Request(task="cut", options=ColorizeOptions(), frames=asked)
        with self._asked(request, (original,), _ignore) as told:
            if not isinstance(told, CutUp):
                raise PhotoCrashed
            self._expect(sum(piece.size for piece in told.pieces))
            yield Pieces(told.pieces, self._read)

    @contextmanager
    def _asked(
        self, request: Request, given: tuple[Path | None, ...], on_stage: Callable[[str], None]
    ) -> Iterator[Event]:
        with ExitStack() as opened:
            inputs = [opened.enter_context(path.open("rb")) for path in given if path]
            files = tuple(file.fileno() for file in inputs)
            try:
                yield self._answer(self._first(request, files), on_stage)
                self._let_go()
            except Exception:
                with suppress(PhotochromError):
                    self._let_go()
                raise
            finally:
                if self._busy:
                    self._replace()

    def _first(self, request: Request, files: tuple[int, ...]) -> Event:
        """Ask, and return the first that is said; a child that died before it read that has cost no photograph."""
        if not self._child.lives:
            self._replace()
        try:
            return self._asked_once(request, files)
        except PhotochromError as error:
            # By the kernel's word: a socket that is closed with something unread is reset.
            if not isinstance(error.__cause__, ConnectionError):
                raise
        self._replace()
        return self._asked_once(request, files)

    def _asked_once(self, request: Request, files: tuple[int, ...]) -> Event:
        self.ready()
        self._busy = True
        self._child.say(request, files)
        return self._child.hear()

    def _answer(self, told: Event, on_stage: Callable[[str], None]) -> Event:
        while True:
            if isinstance(told, Stage):
                self._turn(told.stage, on_stage)
                told = self._child.hear()
            elif isinstance(told, Sign):
                self._sign(told)
                told = self._child.hear()
            elif isinstance(told, Failed):
                # After a want of memory a fresh child has more of it.
                self._busy = told.code == OutOfMemory.code
                raise Refused(told) if told.final else Stumbled(told)
            else:
                return told

    def _sign(self, asked: Sign) -> None:
        if self._signing is None:
            raise PhotoCrashed  # it was told of no certificate
        self._child.say(Signature(signature=b64encode(self._signing.sign(asked.data))))

    def _turn(self, stage: str, on_stage: Callable[[str], None]) -> None:
        try:
            on_stage(stage)
        except Exception:
            with suppress(PhotochromError):
                self._child.say(Turn(go=False))
                self._busy = not isinstance(self._child.hear(), Stopped)
            raise
        self._child.say(Turn(go=True))

    def _read(self, most: int) -> bytes:
        data = self._child.read(min(most, self._left))
        self._expect(self._left - len(data))
        return data

    def _expect(self, count: int) -> None:
        """So many bytes are on their way; then the child has said all."""
        self._left, self._busy = count, count > 0

    def _let_go(self) -> None:
        """Leave nothing of a result on the way: who failed to store it is no reason for another child."""
        while self._left:
            self._read(CHUNK)

    def _replace(self) -> None:
        self._child.end()
        self._busy, self._left, self._greeted = False, 0, False
        self._child = Child(self._setup, self._hang)
