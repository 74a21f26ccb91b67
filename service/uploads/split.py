"""Whether what is asked of a scan can be asked of all its photographs."""

from typing import TYPE_CHECKING

from photochrom.batches.names import folder_of, item_name
from photochrom.errors import InvalidOption
from photochrom.photo.frames import MOST_FRAMES, MOST_PAGES

if TYPE_CHECKING:
    from .receive import Upload

OF_ONE = ("hints", "keep", "reference", "repair_mask")
"""Fields that belong to one photograph."""


def refuse_split(photo: "Upload") -> None:
    """Raise `InvalidOption` where a single photograph is to be split: it has no batch for what is cut."""
    if photo.split:
        raise InvalidOption("split=auto is for items of batches; send a single scan to POST /v1/pages.")


def check_split(scan: "Upload", item: str = "") -> None:
    """Refuse what belongs to one photograph, and a name of an item that has no room for those of its photographs.

    Raises:
        InvalidOption: such an option or file came with the scan.
        InvalidName: the last of its photographs could not be an item.
    """
    if item:
        item_name(f"{folder_of(item)}/{MOST_PAGES}-{MOST_FRAMES}.jpeg")
    lender = scan.reference or scan.reference_job
    given = zip(OF_ONE, (scan.options.hints, scan.options.keep, lender, scan.repair_mask), strict=True)
    if found := [name for name, value in given if value]:
        raise InvalidOption(f"{found[0]} is for one photograph; leave it out for a scan that is to be split.")
