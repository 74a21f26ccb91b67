"""From what the network sees to its colours: the choice of weights, vividness, palette, likely colours."""
