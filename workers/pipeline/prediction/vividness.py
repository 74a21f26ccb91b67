"""How vividly a photo is predicted that the caller left to `auto`: the paler its answer, the more vividly."""

from collections.abc import Callable

from photochrom.photo.options import ColorizeOptions
from photochrom.photo.vividness import Pale
from photochrom.seeing.look import ChooseLook, Looks, choose_look
from photochrom.seeing.see import LightnessAt

from ...network.predictor import Predictor
from ...series.asked import OfSeries
from .predict import SmallColor, predict_small


def predict_vividly(
    lightness_at: LightnessAt,
    size: tuple[int, int],
    orientation: int,
    predictor: Predictor,
    options: ColorizeOptions,
    pale: Pale,
    on_view: Callable[[], None],
    series: OfSeries | None = None,
) -> tuple[ColorizeOptions, SmallColor]:
    """Predict the colour of a photo, once more and more vividly if it is pale and the caller named no vividness.

    Args and what is predicted: as `predict_small`.

    Returns:
        The options with a number for the vividness, and the colour.
    """
    photo, choose = (lightness_at, size, orientation, predictor), Looks().choose
    options, plain = settle_vividness(*photo, options, pale, on_view, series, choose)
    return options, plain or predict_small(*photo, options, on_view, series, choose)


def settle_vividness(
    lightness_at: LightnessAt,
    size: tuple[int, int],
    orientation: int,
    predictor: Predictor,
    options: ColorizeOptions,
    pale: Pale,
    on_view: Callable[[], None],
    series: OfSeries | None = None,
    choose: ChooseLook = choose_look,
) -> tuple[ColorizeOptions, SmallColor | None]:
    """Return the options with a number for the vividness, and the colour, if these options predicted it on the way.

    Hints do not count: with one more of them, all other places of the photo keep their colours.
    """
    if options.vividness != "auto":
        return options, None
    asked = options.model_copy(update={"vividness": options.vivid(), "hints": ()})
    plain = predict_small(lightness_at, size, orientation, predictor, asked, on_view, series, choose)
    settled = options.model_copy(update={"vividness": pale.vividness(plain.chroma)})
    return settled, plain if settled == asked else None
