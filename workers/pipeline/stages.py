"""The stages of one photograph, in their order; who only counts them needs no codec for it."""

STAGES = ("decode", "predict", "upsample", "encode")
