"""The pipeline for one photograph: decode, predict, upsample and encode; without a queue or network I/O."""
