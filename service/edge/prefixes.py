"""What a path under which we may be served looks like; the settings need it, and none of a web server's libraries."""

import re

# No `//`, which would lead to another host, no `.` and `..`, and no character that means something in HTML or headers.
_PREFIX = r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~%-]+)*"


def joined(given: str) -> str:
    """Return the prefix that a chain of proxies gives, the outermost first; "" if it is not a path."""
    prefix = "".join(part.strip().rstrip("/") for part in given.split(","))
    return prefix if re.fullmatch(_PREFIX, prefix) else ""
