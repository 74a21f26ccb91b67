"""Which film took a photograph: as the caller says, else by the photograph's date, else a mild default."""

from photochrom.color import RGB_TO_RELATIVE_XYZ
from photochrom.photo.film import SENSITIVITIES, ChosenBy, Film, FilmUsed, Light, Weights
from photochrom.photo.options import ColorizeOptions

from ..metadata.date import year_of

_LUMINANCE: Weights = tuple(map(float, RGB_TO_RELATIVE_XYZ[1]))  # type: ignore[assignment]
_ORTHOCHROMATIC_SINCE, _PANCHROMATIC_SINCE = 1900, 1930
_SCANNERS_SINCE = 1990
"""From here on a date may be that of the scan, which many scanners write in the place of the photograph's."""
_DEFAULT = Film.ORTHOCHROMATIC


def film_used(options: ColorizeOptions, exif: bytes | None, xmp: bytes | None) -> FilmUsed | None:
    """Return the film whose light a result is to be freed of; None where the light stays as it was scanned."""
    if options.light is Light.AS_SCANNED:
        return None
    if options.film is not Film.AUTO:
        return _used(options.film, "caller")
    year = year_of(exif, xmp)
    if year is None or year >= _SCANNERS_SINCE:
        return _used(_DEFAULT, "default")
    if year >= _PANCHROMATIC_SINCE:
        return _used(Film.PANCHROMATIC, "date")
    return _used(Film.ORTHOCHROMATIC if year >= _ORTHOCHROMATIC_SINCE else Film.BLUE, "date")


def _used(film: Film, chosen_by: ChosenBy) -> FilmUsed:
    known = SENSITIVITIES.get(film)
    return FilmUsed(film=film, weights=known.weights if known else _LUMINANCE, chosen_by=chosen_by)
