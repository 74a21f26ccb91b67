"""The stages of one photograph, in their order; who only counts them needs no codec for it."""

from photochrom.photo.options import Color, ColorizeOptions

STAGES = ("decode", "predict", "upsample", "encode")
"""Those of a photograph that is colorized and nothing else."""


def stages_of(options: ColorizeOptions) -> tuple[str, ...]:
    """Return the stages that these options lead through."""
    repair = ("repair",) if options.restores or options.negative == "auto" else ()
    colored = STAGES[1:3] if options.color is Color.ON else ()
    return (STAGES[0], *repair, *colored, STAGES[-1])
