"""Where the photographs of an album page lie: rectangles that may be turned."""

import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Protocol

from pydantic import ConfigDict, Field

from ..as_json import AsJson
from ..errors import BadFrames

MOST_FRAMES = 60
"""No page is taken to hold more photographs."""
MOST_PAGES = 1000
"""No file is taken to hold more pages."""
MOST_PHOTOGRAPHS = 2000
"""So many are cut out of one file: the record that holds their frames is read and written as a whole."""

SHORTEST = 16
"""Pixels: no photograph has a shorter side."""
_INSIDE = 0.5  # of a frame that has to lie on its page
_SAME = 0.95  # of a frame, on another one: it is the same photograph once more

Place = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Corners = tuple[tuple[float, float], ...]
"""x and y of the corners of a rectangle, clockwise."""
Length = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]


class Frame(AsJson):
    """A rectangle on an upright page, in pixels of the page, from its top left corner."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    x: Annotated[Place, Field(description="The photograph's centre, in pixels from the page's left edge.")]
    y: Annotated[Place, Field(description="The photograph's centre, in pixels from the page's upper edge.")]
    width: Annotated[Length, Field(description="Pixels along the photograph's own upper side.")]
    height: Annotated[Length, Field(description="Pixels along the photograph's own left side.")]
    angle: Annotated[
        float,
        Field(
            ge=-180,
            le=180,
            allow_inf_nan=False,
            description="Degrees by which the photograph lies turned clockwise; cutting turns it back.",
        ),
    ] = 0.0

    @property
    def corners(self) -> Corners:
        """The photograph's own top left, top right, bottom right and bottom left corner: x and y of each."""
        cos, sin = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        halves = ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
        return tuple(
            (
                self.x + across * self.width * cos - down * self.height * sin,
                self.y + across * self.width * sin + down * self.height * cos,
            )
            for across, down in halves
        )

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height

    def scaled(self, by: float) -> "Frame":
        """Return the same place on a page that is `by` times as large, to a hundredth of a pixel."""
        sides = {name: round(getattr(self, name) * by, 2) for name in ("x", "y", "width", "height")}
        return Frame(**sides, angle=round(self.angle, 3))


def whole(width: float, height: float) -> Frame:
    """Return the frame of a page that is one photograph."""
    return Frame(x=width / 2, y=height / 2, width=width, height=height)


class Framed(Protocol):
    """A page, and the photographs on it; none where it is one itself."""

    @property
    def width(self) -> int:
        """In pixels."""

    @property
    def height(self) -> int:
        """In pixels."""

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The photographs."""


def to_cut(page: Framed) -> tuple[Frame, ...]:
    """Return the frames of a page's photographs: that of the whole page where it is one."""
    return page.frames or (whole(page.width, page.height),)


def numbers_of(pages: Sequence[Sequence[Frame]]) -> Iterator[str]:
    """Yield how the photographs of a file are numbered: 1, 2 and so on; of several pages 1-1, 1-2, 2-1."""
    for page, frames in enumerate(pages, 1):
        for number in range(1, max(1, len(frames)) + 1):
            yield f"{page}-{number}" if len(pages) > 1 else f"{number}"


def checked(frames: Sequence[Frame], width: float, height: float) -> None:
    """Check frames against the size of their page.

    Raises:
        BadFrames: there are too many, or one is too small, lies outside, or lies on another one.
    """
    if len(frames) > MOST_FRAMES:
        raise BadFrames(f"There are {len(frames)} frames; a page has {MOST_FRAMES} at most.")
    for number, frame in enumerate(frames, 1):
        if min(frame.width, frame.height) < SHORTEST:
            raise BadFrames(
                f"Frame {number} is {frame.width:.0f} x {frame.height:.0f} pixels; make it at least {SHORTEST} a side."
            )
        page = whole(width, height).corners
        if shared(frame.corners, page) < _INSIDE * frame.area:
            raise BadFrames(
                f"Frame {number} lies outside of the page of {width:.0f} x {height:.0f} pixels; move it onto it."
            )
        for before, other in enumerate(frames[: number - 1], 1):
            if _near(frame, other) and shared(frame.corners, other.corners) > _SAME * max(
                frame.area, other.area
            ):
                raise BadFrames(f"Frames {before} and {number} are the same place; remove one of them.")


def _near(one: Frame, other: Frame) -> bool:
    """Whether the middle of each may lie on the other; where not, they have less than half in common."""
    reach = min(math.hypot(each.width, each.height) for each in (one, other)) / 2
    return math.hypot(one.x - other.x, one.y - other.y) <= reach


def shared(one: Corners, other: Corners) -> float:
    """Return the square pixels that two rectangles, clockwise, have in common (Sutherland and Hodgman's clipping).

    OpenCV's `intersectConvexConvex` halves it now and then where both are nearly the same.
    """
    left = list(one)
    for (x, y), (x_, y_) in zip(other, (*other[1:], other[0]), strict=True):
        sides = [(x_ - x) * (v - y) - (y_ - y) * (u - x) for u, v in left]
        points = list(zip(left, sides, strict=True))
        left = []
        for (at, side), (before, last) in zip(points, [points[-1], *points[:-1]], strict=True):
            if (side >= 0) != (last >= 0):
                share = last / (last - side)
                left.append(
                    (before[0] + share * (at[0] - before[0]), before[1] + share * (at[1] - before[1]))
                )
            if side >= 0:
                left.append(at)
        if not left:
            return 0.0
    return 0.5 * abs(
        sum(u * v_ - u_ * v for (u, v), (u_, v_) in zip(left, [*left[1:], left[0]], strict=True))
    )
