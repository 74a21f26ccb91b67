"""Old film as augmentation: the effects of emulsions, lenses, printers and ageing on a photograph's light.

Everything happens to a batch at once on its device, in few kernels, and nothing waits for the host. Up to the print
it is linear light; from the print on it is lightness, as a scanner reads it. The truth stays the photograph's own
a* and b*.
"""

from typing import Annotated

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from ..color import linear_rgb, luminance_lightness
from . import ageing, emulsion
from .draws import Draws
from .stored import STRIDE, enlarge

Share = Annotated[float, Field(ge=0, le=1)]


class Film(BaseModel):
    """Shares of photographs: `share` of all are on film; every other share is of those."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: Annotated[Share, Field(description="of a batch; the rest of it stays clean")] = 0.62
    emulsion: Annotated[Share, Field(description="another spectral sensitivity than the eye's")] = 0.85
    blue: Annotated[Share, Field(description="of the emulsions: blue-sensitive, 1850 to 1900")] = 0.35
    orthochromatic: Annotated[Share, Field(description="of the emulsions; the rest have any weights")] = 0.25
    overexposed: Annotated[Share, Field(description="98th percentile at .9 to 1.6 of white")] = 0.5
    vignette: Share = 0.25
    halation: Share = 0.2
    blur: Share = 0.35
    curve: Annotated[Share, Field(description="toe and shoulder; the others clip")] = 0.5
    grain: Share = 0.4
    mount: Annotated[Share, Field(description="a border in place of the photograph's margins")] = 0.1
    gamma: Annotated[Share, Field(description="printed or scanned harder, softer, lighter, darker")] = 0.4
    fade: Annotated[Share, Field(description="black turned grey, white turned dark")] = 0.35
    uneven: Annotated[Share, Field(description="stains, and fading that differs over the print")] = 0.15
    halftone: Annotated[Share, Field(description="printed through a screen")] = 0.05
    dust: Share = 0.15
    scratches: Share = 0.12
    stretch: Annotated[
        bool, Field(description="show it stretched, as workers do; older weights were not")
    ] = False


def on_film(clean: Tensor, ab: Tensor, film: Film, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Take the first `film.share` of a batch on film; the others stay to the bit.

    Args:
        clean: (B,1,S,S), L* in 0..100.
        ab: (B,2,S/4,S/4), the truth.
        film: what happens to how many.
        random: decides all that is drawn.

    Returns:
        L* (B,1,S,S) in 0..100 as the film shows it, and (B,1,S/4,S/4): 1 where the photograph is, 0 under a mount.
    """
    count = round(film.share * len(clean))
    taken, shown = photograph(clean[:count], ab[:count], film, random)
    rest = torch.ones_like(ab[count:, :1])
    return torch.cat([taken, clean[count:]]), torch.cat([shown, rest])


def photograph(clean: Tensor, ab: Tensor, film: Film, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Apply to a whole batch what `on_film` applies to a share of it."""
    draws = Draws(len(clean), random)
    light = linear_rgb(torch.cat([clean, enlarge(ab)], 1)).clamp(0, 1)
    exposure = emulsion.expose(light, film.emulsion, film.blue, film.orthochromatic, draws)
    exposure = emulsion.overexpose(exposure, film.overexposed, draws)
    exposure = emulsion.vignette(exposure, film.vignette, draws)
    exposure = emulsion.halate(exposure, film.halation, draws)
    exposure = emulsion.blur(exposure, film.blur, draws)
    print_ = emulsion.develop(exposure, film.curve, draws)
    x = luminance_lightness(print_) / 100
    x = emulsion.grain(x, film.grain, draws)
    x, shown = ageing.mount(x, STRIDE, film.mount, draws)
    x = ageing.gamma(x, film.gamma, draws)
    x = ageing.fade(x, film.fade, draws)
    x = ageing.stain(x, film.uneven, draws)
    x = ageing.halftone(x, film.halftone, draws)
    x = ageing.dust(x, film.dust, draws)
    x = ageing.scratch(x, film.scratches, draws)
    x = ageing.seen(x.clamp(0, 1)) if film.stretch else x
    return 100 * x.clamp(0, 1), shown
