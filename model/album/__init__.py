"""The finder of photographs on album pages: drawn pages, two small networks, and their training."""
