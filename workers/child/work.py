"""What the child does with one photograph; imported when the process is confined, for its libraries make threads."""

import hashlib
import logging
import socket
from base64 import b64encode
from collections.abc import Callable

from photochrom.errors import CapabilityMissing, ModelRejected, PhotoRejected
from photochrom.photo.sniff import PhotoFormat

from ..failures import explained
from ..network.networks import Networks
from ..network.predictor import LendingPredictor
from ..out_of_memory import lacks_memory, let_go
from ..pipeline.album.network import Album
from ..pipeline.colorizer import ColorizedPhoto, colorize
from ..pipeline.credentials import Signatory, with_credentials
from ..pipeline.limits import PhotoLimits
from ..pipeline.prediction.likely_colors import likely_colors
from ..pipeline.prediction.palette import palette_of, reference_pixels
from ..pipeline.prediction.preparation import by_hand
from ..pipeline.repair.finder import Finder
from ..pipeline.tiling import tiles_of
from .messages import (
    CutUp,
    Done,
    Event,
    Failed,
    Found,
    FoundPage,
    Made,
    PartName,
    Piece,
    Request,
    Setup,
    Sign,
    Signature,
    Stage,
    Stopped,
    Turn,
    content,
    receive_with_files,
    send,
)

_log = logging.getLogger(__name__)
_MOST_WORDS = 2000
Answer = tuple[Event, tuple[bytes, ...]]


class _Stop(Exception):
    """The worker wants no more of this photograph."""


class Workshop:
    """The networks and a socket to the worker; serves it until that is closed."""

    def __init__(
        self,
        end: socket.socket,
        networks: Networks[LendingPredictor],
        limits: PhotoLimits,
        finder: Finder,
        album: Album,
        setup: Setup | None = None,
    ) -> None:
        self._end, self._networks, self._limits = end, networks, limits
        self._finder, self._album = finder, album
        self._signatory: Signatory | None = None
        if setup and setup.certificate:
            self._signatory = Signatory(setup.certificate, setup.algorithm, self._sign)
        self._lent: tuple[bytes, Networks[LendingPredictor]] | None = None

    def serve(self) -> None:
        """Answer one request after another."""
        while asked := receive_with_files(self._end, 3):
            event, parts = self._answer(Request.model_validate_json(asked[0]), asked[1])
            send(self._end, event)
            for part in parts:
                self._end.sendall(part)

    def _answer(self, request: Request, files: list[int]) -> Answer:
        try:
            return self._work(request, [content(file) for file in files])
        except _Stop:
            return Stopped(), ()
        except (PhotoRejected, CapabilityMissing) as error:
            # A decoder takes its own want of memory for damage of the file.
            return _failed(error, final=not lacks_memory(error)), ()
        except ModelRejected as error:
            _log.error("%s", error)
            told = ModelRejected(f"{error} The operator finds out more with `photochrom doctor`.")
            return _failed(told, final=not lacks_memory(error)), ()
        except Exception as error:
            _log.exception("A photograph failed")
            return _failed(error, final=False), ()

    def _work(self, request: Request, inputs: list[bytes]) -> Answer:
        if request.task in ("find", "cut"):
            return _split(inputs[0], request, self._limits, self._album)
        networks = self._following(inputs[1]) if request.reference else self._networks
        if request.network:
            networks = networks.only(request.network)
        if request.task == "suggest":
            found = likely_colors(inputs[0], networks, request.options, self._limits).to_bytes()
            return Made(size=len(found)), (found,)
        if request.task == "tile":
            turned = by_hand(request.options).straightening_by(request.angle)
            parts = tuple(tiles_of(inputs[0], self._limits, turned))
            return Made(size=sum(map(len, parts))), parts
        photo = _colorized(inputs, networks, request, self._limits, self._finder, self._on_stage)
        if self._signatory is not None:
            card = photo.card or networks.usual.card
            options = request.options
            if photo.vividness is not None:
                options = options.model_copy(update={"vividness": photo.vividness})
            photo = with_credentials(photo, inputs[0], card, options, self._signatory)
        return _done(photo, networks)

    def _following(self, reference: bytes) -> Networks[LendingPredictor]:
        """Lend the palette of a reference; a folder of photographs has the same for all."""
        digest = hashlib.sha256(reference).digest()
        if self._lent is None or self._lent[0] != digest:
            pixels = reference_pixels(reference, self._limits)
            able = self._networks if _takes_palettes(self._networks.film) else self._networks.only("usual")
            self._lent = digest, able.each(lambda one: one.lent(palette_of(pixels, one.card)))
        return self._lent[1]

    def _sign(self, data: bytes) -> bytes:
        """Have the worker sign; it alone has the key."""
        send(self._end, Sign(data=b64encode(data)))
        told = receive_with_files(self._end, 0)
        if told is None:
            raise EOFError
        return Signature.model_validate_json(told[0]).signature

    def _on_stage(self, stage: str) -> None:
        send(self._end, Stage(stage=stage))
        told = receive_with_files(self._end, 0)
        if told is None or not Turn.model_validate_json(told[0]).go:
            raise _Stop


def _colorized(
    inputs: list[bytes],
    networks: Networks[LendingPredictor],
    request: Request,
    limits: PhotoLimits,
    finder: Finder,
    on_stage: Callable[[str], None],
) -> ColorizedPhoto:
    return colorize(
        inputs[0],
        networks,
        request.options,
        limits=limits,
        on_stage=on_stage,
        preview_side=request.preview_side,
        finder=finder,
        repair_mask=inputs[-1] if request.repair_mask else None,
        series=request.series,
    )


def _takes_palettes(film: LendingPredictor | None) -> bool:
    return film is not None and "palette" in film.card.capabilities


def _split(data: bytes, request: Request, limits: PhotoLimits, album: Album) -> Answer:
    # Not at the top: few photographs are pages of albums, and every child waits for its imports.
    from ..pipeline.album.split import cut_pages, find_pages

    if request.task == "find":
        pages = find_pages(data, limits, request.preview_side, album)
        found = [FoundPage(width=page.width, height=page.height, frames=page.frames) for page in pages]
        previews = tuple(page.preview for page in pages if page.preview)
        return Found(pages=tuple(found), previews=tuple(map(len, previews))), previews
    cuts = list(cut_pages(data, request.frames, limits))
    pieces = [
        Piece(
            page=cut.page,
            format=cut.format,
            width=cut.width,
            height=cut.height,
            exact=cut.exact,
            warnings=cut.warnings,
            size=len(cut.data),
        )
        for cut in cuts
    ]
    return CutUp(pieces=tuple(pieces)), tuple(cut.data for cut in cuts)


def _done(photo: ColorizedPhoto, networks: Networks[LendingPredictor]) -> Answer:
    parts: dict[PartName, bytes | None] = {
        "data": photo.data,
        "preview": photo.preview,
        "original_preview": photo.original_preview,
        "confidence": photo.confidence,
        "repairs": photo.repairs,
        "sight": photo.sight,
    }
    made = {name: part for name, part in parts.items() if part is not None}
    done = Done(
        format=PhotoFormat(photo.media_type.removeprefix("image/")),
        width=photo.width,
        height=photo.height,
        turned=photo.turned,
        warnings=photo.warnings,
        film=photo.film,
        network="film" if networks.film and photo.card == networks.film.card else "usual",
        vividness=photo.vividness,
        timings=photo.timings,
        restoration=photo.restoration,
        sizes={name: len(part) for name, part in made.items()},
    )
    return done, tuple(made.values())


def _failed(error: Exception, *, final: bool) -> Failed:
    told = explained(error)
    let_go(error)
    return Failed(code=told.code, detail=told.detail[:_MOST_WORDS], final=final)
