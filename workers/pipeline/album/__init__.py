"""One scan, many photographs: where they lie on an album page, and how they are cut out."""
