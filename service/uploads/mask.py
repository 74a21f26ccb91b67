"""Whether a repair mask fits its photograph, by their headers; the worker decides in the end, for it decodes both."""

from typing import TYPE_CHECKING

from photochrom.errors import MaskRejected
from photochrom.photo.options import Deskew, Pages, Repair

from .pixels import size_of

if TYPE_CHECKING:
    from .receive import Upload


def check_mask(photo: "Upload", mask: "Upload") -> None:
    """Refuse a mask that could not be used.

    Raises:
        MaskRejected: it has another size, or the options leave it nothing to say.
    """
    if photo.options.repair is not Repair.AUTO:
        raise MaskRejected("A repair mask says where to repair; send it with repair=auto.")
    if photo.options.pages is Pages.ALL:
        raise MaskRejected("A repair mask belongs to one picture; send it with pages=first.")
    if photo.options.turn == "auto":
        raise MaskRejected("A repair mask belongs to the turned photograph; send it with turn as a number.")
    if photo.options.deskew is Deskew.AUTO:
        return  # it has the size of the straightened photograph, which nobody knows here
    wanted, given = size_of(photo.draft.path), size_of(mask.draft.path)
    # The header does not say which side is up.
    if wanted and given and sorted(wanted) != sorted(given):
        raise MaskRejected(
            f"The repair mask has {given[0]} x {given[1]} pixels and the photograph {wanted[0]} x {wanted[1]}; "
            "send a mask of the photograph's size."
        )
